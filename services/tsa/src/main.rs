//! The timestamp authority of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main_with_check("tsa", sigstead_tsa::check, sigstead_tsa::build)
}
