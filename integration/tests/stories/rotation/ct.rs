//! A log of certificates is followed by another one while everybody signs on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigstead_integration::{Instance, Rotated, run, sigctl, wait_for};

use super::signing::{Signing, sign_command};
use super::{sigctl_verify, sign, verify};
use crate::emergency::{end, later};
use crate::{artifact, refuses};

const ROLE: Rotated = Rotated("ct");
/// Long enough for clients to sign before the authority changes over, and short enough for a test.
const SOON: [&str; 5] = ["--in", "8s", "--drain", "4s", "--accept-short-times"];
const AT_ONCE: [&str; 5] = ["--in", "0s", "--drain", "0s", "--accept-short-times"];

#[test]
fn a_log_is_followed_under_load_and_bundles_of_all_times_verify_with_all_clients() {
    let instance = Instance::start("ct-rotated", &[]).unwrap();
    let processes = ["ca", "ctlog"].map(|service| pid(&instance, service));
    let first_kit = instance.work().join("first-root.json");
    fs::copy(instance.kit("trusted_root.json"), &first_kit).unwrap();
    let load = Signing::start(&instance);
    let mut signed = sign(&instance, "ct-before");

    let started = ROLE.rotate(&instance, "start", &SOON);
    assert_eq!(started["phase"], "announced", "{started}");
    let [old, next] = logs(&instance).try_into().unwrap();
    let announced = sign(&instance, "ct-announced");
    all_in(&announced, &old);
    signed.extend(announced);
    wait_for("the switch", || {
        let resumed = ROLE.command(&instance, "resume", &[]).output().unwrap();
        let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
        resumed["phase"] == "loaded"
    })
    .unwrap();
    let switched = sign(&instance, "ct-switched");
    all_in(&switched, &next);
    signed.extend(switched);
    let retired = ROLE.until_over(&instance);
    assert_eq!(retired["phase"], "retired", "{retired}");
    signed.extend(sign(&instance, "ct-retired"));

    let by_load = load.stop();
    verify_all(&instance, &by_load);
    let in_old = by_load.iter().filter(|(_, bundle)| is_in(bundle, &old));
    assert!((1..by_load.len()).contains(&in_old.count()));
    for (file, bundle) in &signed {
        verify(&instance, file, bundle);
    }
    assert_eq!(ends(&instance), [false, true], "the newest log first");
    let states: Vec<_> = logs(&instance).iter().map(state).collect();
    assert_eq!(states, ["frozen", "takes entries"]);
    assert_eq!(
        ["ca", "ctlog"].map(|service| pid(&instance, service)),
        processes,
        "nothing was restarted"
    );
    doctor_is_content(&instance);
    is_laid_out(&instance, &next);
    // A client that never looked again does not know the next log.
    let (file, bundle) = signed.last().unwrap();
    refuses(
        &mut sigctl_verify(&instance, &first_kit, file, bundle),
        &["log"],
    );
}

/// Between any two steps the command and both services may be killed. The next log is opened once.
#[test]
fn a_rotation_of_the_ct_log_that_is_killed_between_all_steps_is_finished() {
    let instance = Instance::start("ct-interrupted", &[]).unwrap();
    let mut signed = sign_one(&instance, "ct-interrupted");
    let mut next = ROLE.command(&instance, "start", &AT_ONCE);
    for phase in ["planned", "prepared", "tried", "announced", "loaded"] {
        let quiet = next.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = quiet.spawn().unwrap();
        // If it is seen too late, the kill comes at a later step, and what follows holds all the same.
        while !has_come(&instance, phase) && running.try_wait().unwrap().is_none() {}
        let _ = running.kill();
        running.wait().unwrap();
        for service in ["ca", "ctlog"] {
            instance.kill(service).unwrap();
        }
        instance.up().unwrap();
        if !plan(&instance).exists() {
            break;
        }
        next = ROLE.command(&instance, "resume", &[]);
    }
    if plan(&instance).exists() {
        ROLE.until_over(&instance);
    }
    let states: Vec<_> = logs(&instance).iter().map(state).collect();
    assert_eq!(states, ["frozen", "takes entries"]);
    signed.extend(sign_one(&instance, "ct-finished"));
    verify_all(&instance, &signed);
}

#[test]
fn a_ct_log_is_taken_back_before_the_authority_uses_it_and_never_after() {
    let instance = Instance::start("ct-undone", &[]).unwrap();
    let later = ["--in", "1h", "--drain", "1s", "--accept-short-times"];
    for phase in ["prepared", "announced"] {
        let mut running = ROLE.command(&instance, "start", &later);
        let quiet = running.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = quiet.spawn().unwrap();
        while !has_come(&instance, phase) && running.try_wait().unwrap().is_none() {}
        let _ = running.kill();
        running.wait().unwrap();
        assert_eq!(ROLE.rotate(&instance, "undo", &[])["phase"], "undone");
        let listed = logs(&instance);
        let states: Vec<_> = listed.iter().map(state).collect();
        assert_eq!(states[0], "takes entries");
        assert!(
            states[1..].iter().all(|state| state == "frozen"),
            "{states:?}"
        );
        all_in(&sign_one(&instance, phase), &listed[0]);
    }
    assert!(!ends(&instance).last().unwrap(), "the first one");
    let loaded = ["--in", "0s", "--drain", "1h", "--accept-short-times"];
    assert_eq!(ROLE.rotate(&instance, "start", &loaded)["phase"], "loaded");
    refuses(&mut ROLE.command(&instance, "undo", &[]), &["e-ctl-286"]);
    refuses(&mut ROLE.command(&instance, "start", &[]), &["e-ctl-283"]);
    verify_all(&instance, &sign_one(&instance, "ct-loaded"));
}

/// As the page about emergencies says: the key is ended, nothing counts until there is another log, and what was signed before does.
#[test]
fn a_ct_log_whose_key_was_ended_is_followed_by_one_that_counts() {
    let instance = Instance::start("ct-stolen", &[]).unwrap();
    let mut signed = sign_one(&instance, "ct-unstolen");
    let [log] = logs(&instance).try_into().unwrap();
    let mut freeze = sigctl();
    freeze
        .args(["log", "freeze", "--yes"])
        .arg(instance.directory());
    freeze.args(["--log", log["origin"].as_str().unwrap()]);
    refuses(&mut freeze, &["e-ctl-427", "sigctl rotate ct"]);
    let since = later();
    end(&instance, &["ct", "--since", &since, "--yes"]);
    let file = artifact(instance.work(), "ct-stolen");
    let mut sign = sign_command(&instance.directory());
    sign.arg("--bundle")
        .arg(file.with_extension("json"))
        .arg(file);
    refuses(&mut sign, &["e-verify-029"]);

    let over = ROLE.rotate(&instance, "start", &AT_ONCE);
    assert_eq!(over["phase"], "retired", "{over}");
    let [old, next] = logs(&instance).try_into().unwrap();
    assert_eq!(state(&old), "frozen");
    let after = sign_one(&instance, "ct-unstolen-again");
    all_in(&after, &next);
    signed.extend(after);
    verify_all(&instance, &signed);
    assert_eq!(ends(&instance), [false, true]);
    // A stranger's program reads all logs, those of certificates too.
    let directory = instance.directory();
    let checked = instance.json(&["log", "check", directory.to_str().unwrap()]);
    let checked = checked.unwrap().as_array().unwrap().clone();
    for log in [&old, &next] {
        let is_it = |checked: &&Value| checked["origin"] == log["origin"];
        assert_eq!(checked.iter().filter(is_it).count(), 1, "{checked:?}");
    }
}

#[test]
fn a_ct_log_behind_its_anchor_is_followed_by_one_that_takes_certificates() {
    let instance = Instance::start("ct-behind", &[]).unwrap();
    let data = instance.directory().join("ctlog/data");
    let mut signed = sign_one(&instance, "ct-first");
    instance.down().unwrap();
    let copy = instance.work().join("copy");
    run(Command::new("cp").arg("-a").args([&data, &copy])).unwrap();
    instance.up().unwrap();
    signed.extend(sign_one(&instance, "ct-second"));
    instance.down().unwrap();
    fs::remove_dir_all(&data).unwrap();
    run(Command::new("mv").args([&copy, &data])).unwrap();
    // Not all services become ready.
    let _ = instance.up();
    let told = state(&logs(&instance)[0]);
    assert!(told.contains("anchor"), "{told}");

    let over = ROLE.rotate(&instance, "start", &AT_ONCE);
    assert_eq!(over["phase"], "retired", "{over}");
    let [old, next] = logs(&instance).try_into().unwrap();
    assert_ne!(state(&old), "frozen", "it has no last tree head");
    let after = sign_one(&instance, "ct-third");
    all_in(&after, &next);
    signed.extend(after);
    verify_all(&instance, &signed);
    assert_eq!(ends(&instance), [false, true]);
}

#[test]
fn a_rotation_of_the_ct_log_that_is_not_as_it_should_be_is_refused() {
    let instance = Instance::start("ct-refused", &[]).unwrap();
    let refused = |verb: &str, arguments: &[&str], code: &str| {
        refuses(&mut ROLE.command(&instance, verb, arguments), &[code]);
    };
    refused("resume", &[], "e-ctl-285");
    refused("start", &["--in", "1h"], "e-ctl-281");
    refused("start", &["--drain", "1s"], "e-ctl-281");
    for (service, line) in [
        ("ca", "ct_log_file: ct-logs.yaml\n"),
        ("ctlog", "opened_logs: logs.d\n"),
    ] {
        let path = instance.directory().join(service).join("config.yaml");
        let written = fs::read_to_string(&path).unwrap();
        let without = written.replace(line, "");
        assert_ne!(without, written);
        fs::write(&path, without).unwrap();
        refused("plan", &[], "e-ctl-420");
        fs::write(&path, written).unwrap();
    }
    let state = instance.directory().join("trust/state.json");
    let written = fs::read_to_string(&state).unwrap();
    let mut edited: Value = serde_json::from_str(&written).unwrap();
    edited["certificate_logs"][0]["in_service"] = false.into();
    fs::write(&state, edited.to_string()).unwrap();
    refused("plan", &[], "e-ctl-424");
    fs::write(&state, written).unwrap();
    // What the authority cannot read changes nothing.
    let used = instance.directory().join("ca/ct-logs.yaml");
    fs::write(&used, "ct_log: []").unwrap();
    let warned = || {
        let ready = instance.service("ca").unwrap().to_string();
        ready.contains("the ct logs and the certificates for them")
    };
    wait_for("the warning", warned).unwrap();
    all_in(&sign_one(&instance, "ct-unread"), &logs(&instance)[0]);
    fs::remove_file(&used).unwrap();
    wait_for("the end of the warning", || !warned()).unwrap();
    let planned = ROLE.rotate(&instance, "plan", &[]);
    assert_eq!(planned["phase"], "planned");
    assert_eq!(logs(&instance).len(), 1, "nothing was changed");
}

fn has_come(instance: &Instance, phase: &str) -> bool {
    let plan = fs::read_to_string(plan(instance)).unwrap_or_default();
    plan.contains(&format!("\"phase\": \"{phase}\""))
}

fn plan(instance: &Instance) -> PathBuf {
    instance.directory().join("trust/rotations/ct.json")
}

fn pid(instance: &Instance, service: &str) -> Value {
    instance.service(service).unwrap()["pid"].clone()
}

/// The logs of certificates, the oldest first.
pub(super) fn logs(instance: &Instance) -> Vec<Value> {
    let directory = instance.directory();
    let logs = instance
        .json(&["log", "info", directory.to_str().unwrap()])
        .unwrap();
    let logs = logs.as_array().unwrap().iter();
    logs.filter(|log| log["face"] == "ct").cloned().collect()
}

pub(super) fn state(log: &Value) -> String {
    log["state"].as_str().unwrap().to_owned()
}

/// Whether each log of certificates has an end in what clients are told, the newest first.
fn ends(instance: &Instance) -> Vec<bool> {
    let root = fs::read(instance.kit("trusted_root.json")).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let logs = root["ctlogs"].as_array().unwrap().iter();
    logs.map(|log| log["publicKey"]["validFor"]["end"].is_string())
        .collect()
}

pub(super) fn all_in(signed: &[(PathBuf, PathBuf)], log: &Value) {
    assert!(!signed.is_empty());
    for (_, bundle) in signed {
        assert!(is_in(bundle, log), "{} is in another log", bundle.display());
    }
}

/// Whether the certificate of a bundle has a promise of a log, which names the log by its identifier.
fn is_in(bundle: &Path, log: &Value) -> bool {
    let bundle: Value = serde_json::from_slice(&fs::read(bundle).unwrap()).unwrap();
    let certificate = &bundle["verificationMaterial"]["certificate"]["rawBytes"];
    let der = STANDARD.decode(certificate.as_str().unwrap()).unwrap();
    let digits = log["log_id"].as_str().unwrap();
    let bytes = (0..digits.len()).step_by(2);
    let bytes = bytes.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
    let log_id: Vec<u8> = bytes.collect();
    der.windows(log_id.len()).any(|bytes| bytes == log_id)
}

/// Signs with one client.
pub(super) fn sign_one(instance: &Instance, name: &str) -> Vec<(PathBuf, PathBuf)> {
    let file = artifact(instance.work(), name);
    let bundle = file.with_extension("sigstore.json");
    run(sign_command(&instance.directory())
        .arg("--bundle")
        .args([&bundle, &file]))
    .unwrap();
    vec![(file, bundle)]
}

pub(super) fn verify_all<'a>(
    instance: &Instance,
    signed: impl IntoIterator<Item = &'a (PathBuf, PathBuf)>,
) {
    let kit = instance.kit("trusted_root.json");
    for (file, bundle) in signed {
        run(&mut sigctl_verify(instance, &kit, file, bundle)).unwrap();
    }
}

/// The cluster's authority enters certificates into the next log alone, and its `ctlog` has both.
fn is_laid_out(instance: &Instance, next: &Value) {
    let laid_out = instance.work().join("laid-out");
    run(sigctl()
        .args(["kubernetes", "lay-out"])
        .arg(instance.directory())
        .arg("--to")
        .arg(&laid_out))
    .unwrap();
    let values = fs::read_to_string(laid_out.join("values.yaml")).unwrap();
    let id = next["log_id"].as_str().unwrap();
    for line in [
        format!("ctLogs:\n  - id: {id}\n    publicKey: ct-2.pub\n"),
        format!("origin: {}", next["origin"].as_str().unwrap()),
        "data: /var/lib/sigstead/ct-2".to_owned(),
    ] {
        assert!(values.contains(&line), "{line}: {values}");
    }
    for file in ["ca/ct-2.pub", "ctlog/ct-2.key", "ctlog/ctlog.key"] {
        assert!(laid_out.join(file).is_file(), "{file}");
    }
}

fn doctor_is_content(instance: &Instance) {
    let doctor = sigctl()
        .args(["doctor", "--offline"])
        .arg(instance.directory())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(!said.contains("CT log"), "{said}");
}
