//! The process of the `ca` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main("ca", sigstead_ca::build)
}
