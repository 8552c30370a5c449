//! A log of Rekor v2 is followed by another one while everybody signs on.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, run, sigctl};

use super::{sigctl_verify, sign, verify};
use crate::{PERSON, artifact, refuses};

const ROLE: Rotated = Rotated("rekor-v2");
/// Long enough for clients to sign before they change over, and short enough for a test.
const SOON: [&str; 5] = ["--in", "30s", "--drain", "2s", "--accept-short-times"];

#[test]
fn a_log_is_followed_under_load_and_bundles_of_all_times_verify_with_all_clients() {
    let instance = Instance::start("log-rotated", &[]).unwrap();
    let process = instance.service("tlog").unwrap()["pid"].clone();
    let first_kit = instance.work().join("first-root.json");
    std::fs::copy(instance.kit("trusted_root.json"), &first_kit).unwrap();
    let load = Load::start(&instance);
    let mut signed = sign(&instance, "log-before");

    let started = ROLE.rotate(&instance, "start", &SOON);
    assert_eq!(started["phase"], "loaded", "{started}");
    signed.extend(sign(&instance, "log-announced"));
    let logs = logs(&instance);
    let [old, next] = [&logs[0], &logs[1]].map(|log| log["origin"].as_str().unwrap().to_owned());
    let offers = offers(&instance);
    assert_eq!(offers.len(), 2, "{offers:?}");
    assert_eq!(
        offers[0]["start"], started["signs_from"],
        "the newest first"
    );
    assert_eq!(offers[1]["end"], started["old_end"]);
    assert!(offers[1]["start"].as_str() < offers[0]["start"].as_str());
    for mut crossing in [
        log(&instance, &["open"]),
        log(&instance, &["freeze", "--log", &old, "--yes"]),
    ] {
        refuses(&mut crossing, &["e-ctl-350"]);
    }
    let retired = ROLE.until_over(&instance);
    assert_eq!(retired["phase"], "retired", "{retired}");
    assert_eq!(retired["number"], 2);
    signed.extend(sign(&instance, "log-retired"));

    let by_load = load.stop();
    assert!(!by_load.is_empty());
    signed.extend(by_load);
    for (file, bundle) in &signed {
        verify(&instance, file, bundle);
    }
    assert_eq!(self::offers(&instance).len(), 1);
    assert_eq!(
        [counts(&instance, &old), counts(&instance, &next)].map(|it| it["end"].is_null()),
        [false, true]
    );
    assert_eq!(self::logs(&instance)[0]["state"], "frozen");
    assert_eq!(
        instance.service("tlog").unwrap()["pid"],
        process,
        "nothing was restarted"
    );
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
    // A client that never looked again does not know the next log.
    let (file, bundle) = &signed[signed.len() - 1];
    let last = sign(&instance, "log-last");
    let (last_file, last_bundle) = last.last().unwrap();
    run(&mut sigctl_verify(
        &instance,
        &instance.kit("trusted_root.json"),
        file,
        bundle,
    ))
    .unwrap();
    refuses(
        &mut sigctl_verify(&instance, &first_kit, last_file, last_bundle),
        &["log"],
    );
}

/// Between any two steps the command and the service may be killed. The next log is opened once.
#[test]
fn a_rotation_of_a_log_that_is_killed_between_all_steps_is_finished() {
    let instance = Instance::start("log-interrupted", &[]).unwrap();
    let signed = sign(&instance, "log-interrupted");
    let plan = instance.directory().join("trust/rotations/rekor-v2.json");
    let mut next = ROLE.command(&instance, "start", &SOON);
    for phase in ["planned", "prepared", "tried", "announced"] {
        let quiet = next.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = quiet.spawn().unwrap();
        let has_come = || {
            let plan = std::fs::read_to_string(&plan).unwrap_or_default();
            plan.contains(&format!("\"phase\": \"{phase}\""))
        };
        // If it is seen too late, the kill comes at a later step, and what follows holds all the same.
        while !has_come() && running.try_wait().unwrap().is_none() {}
        let _ = running.kill();
        running.wait().unwrap();
        instance.kill("tlog").unwrap();
        instance.up().unwrap();
        next = ROLE.command(&instance, "resume", &[]);
    }
    let resumed = next.output().unwrap();
    assert_eq!(resumed.status.code(), Some(6), "{resumed:?}");
    let over = ROLE.until_over(&instance);
    assert_eq!(over["phase"], "retired", "{over}");
    let states: Vec<_> = logs(&instance)
        .iter()
        .map(|log| log["state"].clone())
        .collect();
    assert_eq!(states, ["frozen", "takes entries"]);
    for (file, bundle) in signed.iter().chain(&sign(&instance, "log-finished")) {
        verify(&instance, file, bundle);
    }
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
}

#[test]
fn a_log_that_was_announced_is_taken_back_when_all_clients_have_heard() {
    let instance = Instance::start("log-undone", &[]).unwrap();
    let before = offers(&instance);
    ROLE.rotate(&instance, "start", &SOON);
    let undoing = ROLE.command(&instance, "undo", &[]).output().unwrap();
    assert_eq!(undoing.status.code(), Some(6), "{undoing:?}");
    assert_eq!(offers(&instance), before, "clients are called back at once");
    let next = logs(&instance)[1].clone();
    // A client that has not heard writes to it at its time.
    assert_eq!(next["state"], "takes entries");
    let next = next["origin"].as_str().unwrap();
    assert!(counts(&instance, next)["end"].is_null());
    let over = ROLE.until_over(&instance);
    assert_eq!(over["phase"], "undone", "{over}");
    assert_eq!(logs(&instance)[1]["state"], "frozen");
    assert!(counts(&instance, next)["end"].is_string());
    assert_eq!(offers(&instance), before);
    for (file, bundle) in &sign(&instance, "log-undone") {
        verify(&instance, file, bundle);
    }
    // The next rotation opens a log of another name.
    let again = ROLE.rotate(&instance, "start", &SOON);
    assert_eq!(again["number"], 3);
    assert_eq!(logs(&instance).len(), 3);
}

#[test]
fn a_rotation_of_a_log_that_is_not_as_it_should_be_is_refused() {
    let instance = Instance::start("log-refused", &[]).unwrap();
    let refused = |verb: &str, arguments: &[&str], code: &str| {
        refuses(&mut ROLE.command(&instance, verb, arguments), &[code]);
    };
    refused("resume", &[], "e-ctl-285");
    refused("start", &["--in", "1h"], "e-ctl-281");
    refused("start", &["--drain", "1s"], "e-ctl-281");
    let folder = instance.directory().join("trust/rotations");
    let other = std::fs::File::open(&folder).unwrap();
    other.lock().unwrap();
    for verb in ["plan", "start", "status"] {
        refused(verb, &[], "e-ctl-280");
    }
    refuses(&mut log(&instance, &["open"]), &["e-ctl-280"]);
    drop(other);
    assert_eq!(ROLE.rotate(&instance, "plan", &[])["phase"], "planned");
    assert_eq!(logs(&instance).len(), 1, "nothing was changed");
    let soon = ["--in", "3s", "--drain", "1h", "--accept-short-times"];
    ROLE.rotate(&instance, "start", &soon);
    refused("start", &[], "e-ctl-283");
    refused("undo", &[], "e-ctl-286");
    let plan = folder.join("rekor-v2.json");
    let written = std::fs::read_to_string(&plan).unwrap();
    let edited = written.replace("\"phase\": \"loaded\"", "\"phase\": \"tried\"");
    assert_ne!(edited, written);
    std::fs::write(&plan, edited).unwrap();
    for verb in ["resume", "undo", "status"] {
        refused(verb, &[], "e-ctl-284");
    }
}

/// A person who signs without a pause. A signature that fails ends the test.
struct Load {
    is_over: Arc<AtomicBool>,
    signing: JoinHandle<Vec<(PathBuf, PathBuf)>>,
}

impl Load {
    fn start(instance: &Instance) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let signing = {
            let is_over = Arc::clone(&is_over);
            let (directory, work) = (instance.directory(), instance.work().to_owned());
            std::thread::spawn(move || {
                let mut signed = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let file = artifact(&work, "log-load");
                    let bundle = file.with_extension("sigstore.json");
                    run(sigctl()
                        .arg("sign")
                        .args(["--identity", PERSON])
                        .arg("--bundle")
                        .args([&bundle, &file])
                        .env("SIGSTEAD_DIR", &directory))
                    .unwrap();
                    signed.push((file, bundle));
                }
                signed
            })
        };
        Self { is_over, signing }
    }

    /// The first, the last and some of what was signed between.
    fn stop(self) -> Vec<(PathBuf, PathBuf)> {
        self.is_over.store(true, Ordering::Relaxed);
        let signed = self.signing.join().unwrap();
        let last = signed.len().saturating_sub(1);
        let every = signed.len().div_ceil(8).max(1);
        let signed = signed.into_iter().enumerate();
        let some = signed.filter(|(place, _)| place % every == 0 || *place == last);
        some.map(|(_, each)| each).collect()
    }
}

/// The logs of Rekor v2, the oldest first.
fn logs(instance: &Instance) -> Vec<Value> {
    let directory = instance.directory();
    let logs = instance
        .json(&["log", "info", directory.to_str().unwrap()])
        .unwrap();
    let logs = logs.as_array().unwrap().iter();
    logs.filter(|log| log["face"] == "rekor-v2")
        .cloned()
        .collect()
}

/// When clients write to the logs of Rekor v2 that they are told of.
fn offers(instance: &Instance) -> Vec<Value> {
    let config = kit(instance, "signing_config.v0.2.json");
    let services = config["rekorTlogUrls"].as_array().unwrap().iter();
    let of_v2 = services.filter(|log| log["majorApiVersion"] == 2);
    of_v2.map(|log| log["validFor"].clone()).collect()
}

/// When the signatures of a log count.
fn counts(instance: &Instance, name: &str) -> Value {
    let root = kit(instance, "trusted_root.json");
    let mut logs = root["tlogs"].as_array().unwrap().iter();
    let log = logs.find(|log| log["baseUrl"] == format!("https://{name}"));
    log.unwrap()["publicKey"]["validFor"].clone()
}

fn kit(instance: &Instance, file: &str) -> Value {
    let json = std::fs::read(instance.kit(file)).unwrap();
    serde_json::from_slice(&json).unwrap()
}

fn log(instance: &Instance, arguments: &[&str]) -> Command {
    let mut command = sigctl();
    command.args(["log", arguments[0]]);
    command.arg(instance.directory()).args(&arguments[1..]);
    command
}
