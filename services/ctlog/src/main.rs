//! The certificate transparency log of an instance, as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigstead_kit::main_with_check("ctlog", sigstead_ctlog::check, sigstead_ctlog::build)
}
