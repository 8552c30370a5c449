//! The commands with which a key is rotated.

use std::process::Command;

use serde_json::Value;

use crate::instance::{Instance, run, wait_for};

/// A role, as it is typed.
pub struct Rotated(pub &'static str);

impl Rotated {
    /// `sigctl rotate` with a verb, which prints JSON.
    #[must_use]
    pub fn command(&self, instance: &Instance, verb: &str, arguments: &[&str]) -> Command {
        let mut command = instance.sigctl();
        command.args(["--output", "json", "rotate", self.0, verb]);
        command.arg(instance.directory()).args(arguments);
        command
    }

    /// Runs it, and gives the plan as it then is.
    ///
    /// # Panics
    /// If it refuses, or has to wait.
    pub fn rotate(&self, instance: &Instance, verb: &str, arguments: &[&str]) -> Value {
        let output = run(&mut self.command(instance, verb, arguments));
        let output = output.unwrap_or_else(|error| panic!("{error:#}"));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("no JSON: {error}"))
    }

    /// Resumes until nothing is left to do, which may be so already.
    ///
    /// # Panics
    /// If that does not come.
    pub fn until_over(&self, instance: &Instance) -> Value {
        let mut over = Value::Null;
        let waited = wait_for("the end of the rotation", || {
            let output = self.command(instance, "resume", &[]).output();
            output.is_ok_and(|output| {
                over = serde_json::from_slice(&output.stdout).unwrap_or_default();
                if over["error"]["code"] == "E-CTL-285" {
                    over = self.rotate(instance, "status", &[]);
                    return true;
                }
                output.status.success()
            })
        });
        waited.unwrap_or_else(|error| panic!("{error:#}"));
        over
    }
}
