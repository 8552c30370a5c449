//! The process of the `ca` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::main("ca", ca::build)
}
