//! The trust root repository of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main("tuf", sigstead_tuf::build)
}
