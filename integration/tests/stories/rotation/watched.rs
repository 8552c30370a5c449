//! A service finds other keys by itself where somebody replaces its files and cannot signal it, as a cluster replaces a Secret.

use std::fs;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, run, wait_for};

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "an operator moves files, and nothing here has to survive"
)]
fn keys_that_are_listed_or_listed_no_more_are_seen_without_a_signal() {
    let instance = Instance::start("watched", &[]).unwrap();
    let later = ["--in", "1h", "--accept-short-times"];
    Rotated("ca-intermediate").rotate(&instance, "start", &later);
    assert_eq!(chains(&instance), 2);
    let listed = instance.directory().join("ca/successors.yaml");
    let away = instance.directory().join("ca/successors.away");
    fs::rename(&listed, &away).unwrap();
    wait_for("one chain", || chains(&instance) == 1).unwrap();
    fs::rename(&away, &listed).unwrap();
    wait_for("both chains", || chains(&instance) == 2).unwrap();
}

/// How many chains the certificate authority shows to clients.
fn chains(instance: &Instance) -> usize {
    let url = format!("{}/api/v2/trustBundle", instance.url("ca"));
    let shown = run(Command::new("curl").args(["-fsS", &url])).unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    shown["chains"].as_array().unwrap().len()
}
