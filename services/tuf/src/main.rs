//! The trust root repository of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main_with_check("tuf", sigstead_tuf::check, sigstead_tuf::build)
}
