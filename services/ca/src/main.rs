//! The process of the `ca` service.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_ca::main(std::env::args_os().collect())
}
