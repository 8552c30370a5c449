//! The trust root repository of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_tuf::main(std::env::args_os().collect())
}
