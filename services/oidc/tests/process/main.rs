//! The process: what it leaves on disk, and what `--check` finds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its expectation does"
)]

mod check;
mod files;
mod folder;
