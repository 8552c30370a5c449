//! The process of the `ca` service.

use std::process::ExitCode;

use mimalloc::MiMalloc;

// It gives back what large requests took; ADR 9 has the figures.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    sigstead_ca::main(std::env::args_os().collect())
}
