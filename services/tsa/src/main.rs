//! The timestamp authority of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main("tsa", sigstead_tsa::build)
}
