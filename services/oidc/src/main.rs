//! The process of the `oidc` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_oidc::main(std::env::args_os().collect())
}
