//! A prober signs beside an instance: it has nothing to say while all is well, and names each fault by step and code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, Prober, run, sigctl, wait_for};
use sigstead_test_support::Need;

use crate::PERSON;

/// One round: how it ended, what failed as step and code, and the whole report.
fn probe(command: &mut Command) -> (Option<i32>, BTreeSet<(String, String)>, Value) {
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let steps = report["steps"].as_array().unwrap().iter();
    let failed = steps.filter(|step| !step["error"].is_null());
    let failed = failed.map(|step| (text(&step["step"]), text(&step["error"]["code"])));
    (output.status.code(), failed.collect(), report)
}

fn once(instance: &Instance) -> Command {
    let mut command = sigctl();
    command.args(["--output", "json", "probe", "--once", "--state"]);
    command.arg(instance.work().join("memory.json"));
    command
}

/// A round of a prober that knows the instance's folder.
fn here(instance: &Instance, identity: &[&str]) -> Command {
    let mut command = once(instance);
    command.arg(instance.directory()).args(identity);
    command
}

fn is_well(command: &mut Command) {
    let (exit, failed, report) = probe(command);
    assert_eq!(failed, BTreeSet::new(), "{report:#}");
    assert_eq!(report["unmade"], Value::Array(Vec::new()), "{report:#}");
    assert_eq!(exit, Some(0), "{report:#}");
}

/// Asserts that a round fails in these steps with these codes, and in no others.
fn fails(command: &mut Command, exit: i32, expected: &[(&str, &str)]) {
    let (ended, failed, report) = probe(command);
    let expected = expected.iter();
    let expected = expected.map(|(step, code)| ((*step).to_owned(), (*code).to_owned()));
    assert_eq!(failed, expected.collect(), "{report:#}");
    assert_eq!(ended, Some(exit), "{report:#}");
}

#[test]
fn a_healthy_instance_is_well_from_here_and_from_elsewhere() {
    for arguments in [&[][..], &["--tls"], &["--ct-log", "none"]] {
        let instance = Instance::start("probed", arguments).unwrap();
        for _ in 0..2 {
            is_well(&mut here(&instance, &["--identity", PERSON]));
        }
        let token = instance.work().join("token");
        let mut elsewhere = once(&instance);
        elsewhere
            .arg("--root")
            .arg(instance.kit("root.json"))
            .args(["--tuf", &instance.url("tuf"), "--identity-token-file"])
            .arg(&token);
        if arguments.contains(&"--tls") {
            elsewhere.arg("--tls-ca").arg(instance.kit("tls-ca.pem"));
        }
        if !arguments.contains(&"none") {
            elsewhere.args(["--ct-log", &instance.url("ctlog")]);
        }
        std::fs::write(&token, instance.token(PERSON).unwrap()).unwrap();
        is_well(&mut elsewhere);
        let mut by_files = once(&instance);
        by_files
            .args(["--identity-token-command", "/bin/cat", "--trusted-root"])
            .arg(instance.kit("trusted_root.json"))
            .arg("--signing-config")
            .arg(instance.kit("signing_config.v0.2.json"));
        // A program that prints nothing gives no token.
        let (exit, failed, _) = probe(&mut by_files);
        assert_eq!(exit, Some(1));
        assert!(failed.contains(&("token".to_owned(), "E-CTL-405".to_owned())));
    }
}

#[test]
fn each_fault_is_named_by_its_step_and_its_code() {
    let instance = Instance::start("faulty", &[]).unwrap();
    let person = ["--identity", PERSON];
    is_well(&mut here(&instance, &person));
    let down = "E-CTL-076";
    for (service, exit, expected) in [
        ("ca", 4, &[("certificate", down)][..]),
        ("tsa", 4, &[("timestamp", down)]),
        ("tlog", 4, &[("entry", down), ("growth", down)]),
        ("ctlog", 1, &[("certificate", "E-CA-010"), ("growth", down)]),
        ("tuf", 4, &[("tuf", down)]),
    ] {
        instance.kill(service).unwrap();
        fails(&mut here(&instance, &person), exit, expected);
        instance.up().unwrap();
    }
    is_well(&mut here(&instance, &person));

    let token = instance.work().join("token");
    let by_file = ["--identity-token-file", token.to_str().unwrap()];
    std::fs::write(&token, "not a token").unwrap();
    fails(&mut here(&instance, &by_file), 1, &[("token", "E-CTL-405")]);
    let good = instance.token(PERSON).unwrap();
    let (signed, _) = good.rsplit_once('.').unwrap();
    std::fs::write(&token, format!("{signed}.{}", "A".repeat(342))).unwrap();
    let (_, failed, report) = probe(&mut here(&instance, &by_file));
    let steps: Vec<_> = failed.iter().map(|(step, _)| step.as_str()).collect();
    assert_eq!(steps, ["certificate"], "{report:#}");
    assert!(
        failed.iter().all(|(_, code)| code.starts_with("E-CA-")),
        "{failed:?}"
    );
}

#[test]
fn a_trust_root_that_nobody_renewed_is_named() {
    let is_there = Command::new("faketime").arg("--version").output().is_ok();
    let (name, remedy) = ("faketime", "make packages (as root)");
    if (Need { name, remedy }).check(is_there).is_none() {
        return;
    }
    let instance = Instance::start("stale", &[]).unwrap();
    let before = here(&instance, &["--identity", PERSON]);
    let mut later = Command::new("faketime");
    later.args(["-f", "+10d"]).arg(before.get_program());
    fails(later.args(before.get_args()), 1, &[("tuf", "E-CTL-404")]);
}

#[test]
fn a_log_that_goes_back_is_named_until_it_has_the_old_history_again() {
    let instance = Instance::start("rolled", &[]).unwrap();
    let round = || here(&instance, &["--identity", PERSON]);
    is_well(&mut round());
    let (log, anchors) = (
        instance.directory().join("tlog"),
        instance.work().join("anchors"),
    );
    let (old_log, old_anchors) = (
        instance.work().join("old-log"),
        instance.work().join("old-anchors"),
    );
    instance.down().unwrap();
    copy(&log, &old_log);
    copy(&anchors, &old_anchors);
    instance.up().unwrap();
    for _ in 0..3 {
        is_well(&mut round());
    }
    instance.down().unwrap();
    let (new_log, new_anchors) = (
        instance.work().join("new-log"),
        instance.work().join("new-anchors"),
    );
    for (now, kept, before) in [
        (&log, &new_log, &old_log),
        (&anchors, &new_anchors, &old_anchors),
    ] {
        copy(now, kept);
        copy(before, now);
    }
    instance.up().unwrap();
    // It takes entries again, and each of them makes it longer: first it is shorter than it was, then another one.
    for code in ["E-CTL-400", "E-CTL-400", "E-CTL-401", "E-CTL-401"] {
        fails(&mut round(), 5, &[("growth", code)]);
    }
    instance.down().unwrap();
    copy(&new_log, &log);
    copy(&new_anchors, &anchors);
    instance.up().unwrap();
    is_well(&mut round());
}

/// Puts a copy of a folder in the place of another.
fn copy(from: &Path, to: &PathBuf) {
    let _ = std::fs::remove_dir_all(to);
    run(Command::new("cp").arg("-a").arg(from).arg(to)).unwrap();
}

#[test]
fn a_prober_that_runs_measures_each_fault_until_it_is_gone() {
    let instance = Instance::start("measured", &[]).unwrap();
    let (directory, state) = (instance.directory(), instance.work().join("memory.json"));
    let arguments = [
        directory.to_str().unwrap(),
        "--identity",
        PERSON,
        "--state",
        state.to_str().unwrap(),
    ];
    let prober = Prober::start(&arguments).unwrap();
    let has = |part: &str| prober.metrics().unwrap().contains(part);
    let verified = "sigstead_probe_successes_total{step=\"verification\"}";
    wait_for("a round", || has(verified)).unwrap();
    for role in ["root", "targets", "snapshot", "timestamp"] {
        assert!(has(&format!(
            "sigstead_probe_tuf_expires_timestamp_seconds{{role=\"{role}\"}}"
        )));
    }
    assert!(
        !has("sigstead_probe_failing{"),
        "{}",
        prober.metrics().unwrap()
    );
    instance.kill("ca").unwrap();
    let failing = "sigstead_probe_failing{code=\"E-CTL-076\",step=\"certificate\"} 1";
    wait_for("the fault", || has(failing)).unwrap();
    instance.up().unwrap();
    wait_for("its end", || !has("sigstead_probe_failing{")).unwrap();
    assert!(has(
        "sigstead_probe_failures_total{code=\"E-CTL-076\",step=\"certificate\"}"
    ));
    prober.stop().unwrap();
}
