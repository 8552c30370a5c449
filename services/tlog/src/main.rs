//! The transparency log of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main_with_check("tlog", sigstead_tlog::check, sigstead_tlog::build)
}
