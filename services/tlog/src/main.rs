//! The transparency log of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main("tlog", sigstead_tlog::build)
}
