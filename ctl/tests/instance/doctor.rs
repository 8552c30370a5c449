//! `sigctl doctor` as a person and a script meet it. What each check finds is tested beside the checks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::world::{World, said};

/// The findings that are not those of the machine that runs the tests, by code and severity.
fn findings(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|each| each["subject"] != "machine")
        .map(|each| (text(&each["code"]), text(&each["severity"])))
        .collect()
}

#[test]
fn a_healthy_instance_has_one_line() {
    let world = World::new("well");
    let (report, exit) = world.json(&["doctor", "--offline"]);
    assert_eq!(findings(&report), []);
    assert_eq!(report["unmade"], 0, "{report}");
    assert_eq!(report["name"], "world");
    let checks = report["checks"].as_array().unwrap().len();
    assert!(checks > 60, "{checks}");
    let output = world.sigctl(&["doctor", "--offline"]).output().unwrap();
    if exit == Some(0) {
        let expected = format!("world: {checks} checks, all well\n");
        assert_eq!(said(&output), expected);
    }
    let output = world
        .sigctl(&["doctor", "--offline", "--all"])
        .output()
        .unwrap();
    let lines = said(&output)
        .lines()
        .filter(|line| line.starts_with("well "))
        .count();
    assert!(lines >= 60, "{}", said(&output));
}

#[test]
fn a_fault_is_told_with_its_code_and_what_to_do_and_ends_with_one() {
    let world = World::new("fault");
    fs::remove_file(world.path("instance/tsa/keys/tsa.key")).unwrap();
    let (report, exit) = world.json(&["doctor", "--offline"]);
    assert_eq!(exit, Some(1));
    let expected = ("E-DOCTOR-022".to_owned(), "fault".to_owned());
    assert_eq!(findings(&report), [expected]);
    let output = world.sigctl(&["doctor", "--offline"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(
        said.contains("fault E-DOCTOR-022: the key tsa/keys/tsa.key does not open\n"),
        "{said}"
    );
    assert!(said.contains("\n  cause: "), "{said}");
    assert!(said.contains("\n  do:    bring the key"), "{said}");
    assert!(said.contains("could not be made"), "{said}");
    let explained = world.bare(&["explain", "E-DOCTOR-022"]).output().unwrap();
    assert!(explained.status.success());
}

#[test]
fn warnings_alone_end_with_three() {
    let world = World::new("warning");
    let instance = world.path("instance");
    fs::set_permissions(&instance, fs::Permissions::from_mode(0o705)).unwrap();
    let (report, exit) = world.json(&["doctor", "--offline"]);
    let expected = ("E-DOCTOR-081".to_owned(), "warning".to_owned());
    assert_eq!(findings(&report), [expected]);
    // Unless the machine has a fault of its own.
    if report["faults"] == 0 {
        assert_eq!(exit, Some(3), "{report}");
    }
}

#[test]
fn services_that_do_not_run_are_faults_unless_only_files_are_looked_at() {
    let world = World::new("stopped");
    let (report, exit) = world.json(&["doctor"]);
    assert_eq!(exit, Some(1));
    let found = findings(&report);
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(
        found.iter().all(|(code, _)| code == "E-DOCTOR-110"),
        "{found:?}"
    );
    for arguments in [
        &["doctor", "--offline", "--no-sign"][..],
        &["doctor", "--offline", "--identity-token-file", "-"],
    ] {
        let output = world.sigctl(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
}
