//! The process of the `oidc` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main_with_check("oidc", sigstead_oidc::check, sigstead_oidc::build)
}
