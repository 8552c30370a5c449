//! The units that `sigctl systemd` writes: as systemd judges them, and each run as a process with what it says and no more.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on must fail"
)]

mod calls;
mod judged;
mod machine;
mod nightly;
mod page;
mod run;
mod sandbox;
mod unit;

use std::process::Command;

use sigstead_test_support::Need;

/// Whether a program of the system answers, or a visible skip.
fn program(name: &str, argument: &str) -> Option<()> {
    let answers = Command::new(name).arg(argument).output().is_ok();
    let remedy = "make packages";
    Need { name, remedy }.check(answers)
}
