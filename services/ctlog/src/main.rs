//! The certificate transparency log of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::main("ctlog", ctlog::build)
}
