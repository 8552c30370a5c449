//! The commands with which a role is rotated.

use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};

/// A role, as it is typed.
pub(super) struct Rotated(pub(super) &'static str);

impl Rotated {
    pub(super) fn command(&self, instance: &Instance, verb: &str, arguments: &[&str]) -> Command {
        let mut command = sigctl();
        command.args(["--output", "json", "rotate", self.0, verb]);
        command.arg(instance.directory()).args(arguments);
        command
    }

    pub(super) fn rotate(&self, instance: &Instance, verb: &str, arguments: &[&str]) -> Value {
        let output = run(&mut self.command(instance, verb, arguments)).unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Resumes until nothing is left to do.
    pub(super) fn until_over(&self, instance: &Instance) -> Value {
        let mut over = Value::Null;
        wait_for("the end of the rotation", || {
            let output = self.command(instance, "resume", &[]).output().unwrap();
            over = serde_json::from_slice(&output.stdout).unwrap_or_default();
            output.status.success()
        })
        .unwrap();
        over
    }
}
