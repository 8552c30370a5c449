//! The process of the `oidc` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::main("oidc", oidc::build)
}
