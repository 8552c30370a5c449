//! The timestamp authority of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_tsa::main(std::env::args_os().collect())
}
