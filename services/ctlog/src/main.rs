//! The certificate transparency log of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_ctlog::main(std::env::args_os().collect())
}
