//! The timestamp authority of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::main("tsa", tsa::build)
}
