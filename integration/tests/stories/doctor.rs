//! The doctor looks at an instance that runs: nothing is wrong with it, and then something is.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};
use sigstead_test_support::Need;

/// What the doctor finds, but for what it says of the machine that runs the tests.
pub(crate) fn found(doctor: &mut Command) -> (BTreeSet<String>, Value) {
    let output = doctor.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let codes = findings
        .filter(|each| each["subject"] != "machine")
        .map(|each| each["code"].as_str().unwrap().to_owned());
    (codes.collect(), report)
}

pub(crate) fn doctor(instance: &Instance, arguments: &[&str]) -> Command {
    let mut command = sigctl();
    command.args(["--output", "json", "doctor"]);
    command.args(arguments).arg(instance.directory());
    command
}

fn codes(instance: &Instance) -> (Vec<String>, Value) {
    let (codes, report) = found(&mut doctor(instance, &[]));
    (codes.into_iter().collect(), report)
}

#[test]
fn a_running_instance_has_no_finding_and_every_check_is_made() {
    // Without SCTs few clients take a certificate, and the authority does not let that be forgotten.
    let forewarned = &["E-DOCTOR-113"][..];
    for (arguments, expected) in [
        (&[][..], &[][..]),
        (&["--tls"], &[]),
        (&["--ct-log", "none"], forewarned),
    ] {
        let instance = Instance::start("well", arguments).unwrap();
        let (codes, report) = codes(&instance);
        assert_eq!(codes, expected, "{report:#}");
        assert_eq!(report["unmade"], 0, "{arguments:?}: {report:#}");
        assert!(report["checks"].as_array().unwrap().len() > 90);
    }
}

#[test]
fn a_fault_that_comes_while_the_instance_runs_is_named() {
    let instance = Instance::start("ill", &[]).unwrap();
    let log = |verb: &str, arguments: &[&str]| {
        let mut command = sigctl();
        command.args(["log", verb]).arg(instance.directory());
        run(command.args(arguments)).unwrap();
    };
    log(
        "pause",
        &["--log", "rekor.ill.localhost", "--reason", "doctor"],
    );
    // The service warns of it too.
    assert_eq!(codes(&instance).0, ["E-DOCTOR-113", "E-DOCTOR-132"]);
    log("resume", &["--log", "rekor.ill.localhost"]);
    // A chain that the running service does not have.
    let chain = instance.directory().join("tsa/chain.pem");
    let text = fs::read_to_string(&chain).unwrap();
    fs::copy(instance.directory().join("ca/chain.pem"), &chain).unwrap();
    let expected = ["E-DOCTOR-025", "E-DOCTOR-052", "E-DOCTOR-131"];
    assert_eq!(codes(&instance).0, expected);
    fs::write(&chain, text).unwrap();
    instance.kill("tsa").unwrap();
    assert_eq!(codes(&instance).0, ["E-DOCTOR-084"]);
    instance.up().unwrap();
    wait_for("health", || codes(&instance).0.is_empty()).unwrap();
    instance.down().unwrap();
    assert_eq!(codes(&instance).0, ["E-DOCTOR-110"]);
}

#[test]
fn offline_the_doctor_opens_no_socket() {
    let is_there = Command::new("strace").arg("-V").output().is_ok();
    let remedy = "make packages (as root, who alone mounts disks)";
    let name = "strace";
    if (Need { name, remedy }).check(is_there).is_none() {
        return;
    }
    let instance = Instance::create("quiet", &[]).unwrap();
    let trace = instance.work().join("trace");
    let sockets = |arguments: &[&str]| {
        let watched = doctor(&instance, arguments);
        let mut strace = Command::new("strace");
        strace.args([
            "-f",
            "-qq",
            "-e",
            "trace=socket,connect",
            "-e",
            "signal=none",
            "-o",
        ]);
        strace.arg(&trace).arg(watched.get_program());
        let (_, report) = found(strace.args(watched.get_args()));
        assert!(!report["checks"].as_array().unwrap().is_empty());
        let text = fs::read_to_string(&trace).unwrap();
        text.lines().filter(|line| line.contains("socket(")).count()
    };
    assert_eq!(sockets(&["--offline"]), 0);
    assert!(sockets(&[]) > 0, "strace sees no socket at all");
}
