//! The process of the `ca` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main_with_check("ca", sigstead_ca::check, sigstead_ca::build)
}
