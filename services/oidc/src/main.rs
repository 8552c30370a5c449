//! The process of the `oidc` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main("oidc", sigstead_oidc::build)
}
