//! The program `sigctl`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_ctl::main(std::env::args_os().collect())
}
