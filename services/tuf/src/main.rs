//! The trust root repository of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::main("tuf", tuf::build)
}
