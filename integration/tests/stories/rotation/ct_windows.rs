//! Logs of certificates by calendar: each takes those that end in a time of its own, and the next is opened ahead.

use std::fs;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, run, sigctl};

use super::ct::{all_in, logs, sign_one, state, verify_all};
use super::signing::sign_command;
use crate::{artifact, refuses};

const ROLE: Rotated = Rotated("ct");

#[test]
fn a_log_is_opened_ahead_and_takes_the_certificates_that_end_in_its_window() {
    let page = include_str!("../../../../docs/rotating.md");
    assert!(page.contains("\nsigctl rotate ct start DIR --window 180d\n"));
    let instance = Instance::start("ct-windows", &[]).unwrap();
    refuses(
        &mut ROLE.command(&instance, "plan", &["--window", "10m"]),
        &["e-ctl-532"],
    );
    let mut other = Rotated("tsa").command(&instance, "plan", &["--window", "180d"]);
    refuses(&mut other, &["e-ctl-531"]);
    assert_eq!(entry(&instance), None);
    assert!(!is_warned(&instance));

    // As on the page, but at once: for certificates that end within forty minutes from now.
    let at_once = [
        "--window",
        "30m",
        "--in",
        "0s",
        "--drain",
        "0s",
        "--accept-short-times",
    ];
    let over = ROLE.rotate(&instance, "start", &at_once);
    assert_eq!(over["phase"], "retired", "{over}");
    let [_, first] = logs(&instance).try_into().unwrap();
    let mut signed = sign_one(&instance, "ct-first-window");
    all_in(&signed, &first);
    let of_first = entry(&instance);
    assert!(of_first.is_some() && is_warned(&instance));
    // No log takes what would end later, and nothing is signed.
    lifetime(&instance, "2h");
    let file = artifact(instance.work(), "ct-without-a-log");
    let mut refused = sign_command(&instance.directory());
    refused
        .arg("--bundle")
        .arg(file.with_extension("json"))
        .arg(&file);
    refuses(&mut refused, &["e-ca-053"]);
    lifetime(&instance, "10m");

    // The next one is opened ahead, can be taken back, and is opened again.
    let ahead = ["--window", "3h", "--drain", "0s", "--accept-short-times"];
    assert_eq!(ROLE.rotate(&instance, "start", &ahead)["phase"], "loaded");
    // The first has its successor now, whose own window ends soon enough too.
    assert!(entry(&instance) > of_first);
    assert_eq!(ROLE.rotate(&instance, "undo", &[])["phase"], "undone");
    let loaded = ROLE.rotate(&instance, "start", &ahead);
    let next = loaded["next"].as_str().unwrap();
    assert!(next.contains("can be taken back"), "{next}");
    let [_, first, undone, second] = logs(&instance).try_into().unwrap();
    assert_eq!(state(&undone), "frozen");
    let before = sign_one(&instance, "ct-before-the-window");
    all_in(&before, &first);
    lifetime(&instance, "1h");
    let within = sign_one(&instance, "ct-in-the-window");
    all_in(&within, &second);
    signed.extend(before);
    signed.extend(within);
    verify_all(&instance, &signed);
    // What ends earlier is for the log of now still, and no certificate is without one.
    lifetime(&instance, "10m");
    all_in(&sign_one(&instance, "ct-before-again"), &first);
}

/// The authority, with certificates that live for another time.
fn lifetime(instance: &Instance, period: &str) {
    let path = instance.directory().join("ca/config.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let kept: String = text
        .lines()
        .filter(|line| !line.starts_with("certificate_lifetime:"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&path, format!("{kept}certificate_lifetime: {period}\n")).unwrap();
    run(sigctl().arg("restart").arg(instance.directory()).arg("ca")).unwrap();
}

/// When the log ends that the calendar says is to be followed.
fn entry(instance: &Instance) -> Option<String> {
    let mut calendar = sigctl();
    calendar.args(["--output", "json", "calendar"]);
    let told = calendar.arg(instance.directory()).output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let entries = told["entries"].as_array().unwrap().iter();
    let logs: Vec<_> = entries
        .filter(|entry| entry["subject"] == "CT log")
        .collect();
    assert!(logs.len() < 2, "{logs:?}");
    let log = logs.first()?;
    assert!(log["how"].as_str().unwrap().contains("sigctl rotate ct"));
    Some(log["ends"].as_str().unwrap().to_owned())
}

/// Whether the doctor warns of the end of the last window.
fn is_warned(instance: &Instance) -> bool {
    let mut doctor = sigctl();
    let doctor = doctor.args(["doctor", "--offline"]);
    let said = doctor.arg(instance.directory()).output().unwrap();
    String::from_utf8_lossy(&said.stdout).contains("E-DOCTOR-068")
}
