//! The program `sigstead-logcheck`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_logcheck::main(std::env::args_os().collect())
}
