//! An operator keeps entries out of a log for a while, whatever happens to the service.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};
use sigstead_test_support::Need;

use crate::{PERSON, artifact, beside, refuses};

const REASON: &str = "the disk is moved until noon";

#[test]
fn a_paused_log_says_why_until_it_is_resumed() {
    let instance = Instance::start("paused", &[]).unwrap();
    run(&mut sign(&instance)).unwrap();
    refuses(
        &mut log(&instance, "pause", &["--reason", REASON]),
        &["--log"],
    );
    pause(&instance);
    for _ in 0..2 {
        refuses(&mut sign(&instance), &[REASON]);
        assert_eq!(v2(&instance)["state"], format!("paused: {REASON}"));
        let status = status(&instance);
        assert_eq!(status.status.code(), Some(3));
        let said = String::from_utf8(status.stdout).unwrap();
        assert!(said.contains(REASON), "{said}");
        run(&mut log(&instance, "check", &[])).unwrap();
        instance.kill("tlog").unwrap();
        instance.up().unwrap();
    }
    run(&mut log(&instance, "resume", &["--log", &name(&instance)])).unwrap();
    run(&mut sign(&instance)).unwrap();
    assert_eq!(v2(&instance)["state"], "takes entries");
    assert_eq!(status(&instance).status.code(), Some(0));
}

#[test]
fn a_paused_ct_log_keeps_certificates_from_being_issued_until_it_is_resumed() {
    let instance = Instance::start("paused-ct", &[]).unwrap();
    let ct = |instance: &Instance| {
        let directory = instance.directory();
        let logs = instance.json(&["log", "info", directory.to_str().unwrap()]);
        logs.unwrap()[2].take()
    };
    assert_eq!(ct(&instance)["face"], "ct");
    let name = ct(&instance)["origin"].as_str().unwrap().to_owned();
    let arguments = ["--log", &name, "--reason", REASON];
    run(&mut log(&instance, "pause", &arguments)).unwrap();
    for _ in 0..2 {
        refuses(&mut sign(&instance), &["503", "e-ca-010"]);
        assert_eq!(ct(&instance)["state"], format!("paused: {REASON}"));
        let status = status(&instance);
        assert_eq!(status.status.code(), Some(3));
        let said = String::from_utf8(status.stdout).unwrap();
        assert!(said.contains(REASON), "{said}");
        instance.kill("ctlog").unwrap();
        instance.up().unwrap();
    }
    run(&mut log(&instance, "resume", &["--log", &name])).unwrap();
    // The authority asks the log again after a moment.
    wait_for("a certificate", || {
        sign(&instance).output().unwrap().status.success()
    })
    .unwrap();
    assert_eq!(ct(&instance)["state"], "takes entries");
}

#[test]
fn a_pause_that_was_interrupted_before_its_answer_is_kept() {
    let remedy = "make packages";
    let is_there = Command::new("strace").arg("-V").output().is_ok();
    if (Need {
        name: "strace",
        remedy,
    })
    .check(is_there)
    .is_none()
    {
        return;
    }
    let instance = Instance::start("interrupted", &[]).unwrap();
    let name = name(&instance);
    let mut watcher = killer(&instance);
    refuses(
        &mut log(&instance, "pause", &["--log", &name, "--reason", REASON]),
        &["e-"],
    );
    watcher.wait().unwrap();
    instance.up().unwrap();
    assert_eq!(v2(&instance)["state"], format!("paused: {REASON}"));
    refuses(&mut sign(&instance), &["e-tlog-024"]);
    run(&mut log(&instance, "resume", &["--log", &name])).unwrap();
    run(&mut sign(&instance)).unwrap();
}

/// Kills the service when it syncs the directory of the log: the mark has its name then, and nobody is answered yet.
fn killer(instance: &Instance) -> Child {
    let tlog = instance.service("tlog").unwrap();
    let data = instance.directory().join("tlog/rekor-v2");
    let data = data.canonicalize().unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-p", &tlog["pid"].to_string(), "-P"]);
    strace.arg(&data).args(["-e", "trace=fsync"]);
    strace.args(["-e", "inject=fsync:signal=KILL:when=1", "-o"]);
    strace.arg(instance.work().join("trace"));
    let mut child = strace.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("attached"), "{first}");
    // It goes on printing, and must not wait for a reader.
    std::thread::spawn(move || lines.count());
    assert!(!is_marked(&data));
    child
}

fn is_marked(data: &Path) -> bool {
    data.join("paused").exists()
}

fn pause(instance: &Instance) {
    let name = name(instance);
    run(&mut log(
        instance,
        "pause",
        &["--log", &name, "--reason", REASON],
    ))
    .unwrap();
}

/// The log that signatures go to.
fn v2(instance: &Instance) -> Value {
    let directory = instance.directory();
    let logs = instance.json(&["log", "info", directory.to_str().unwrap()]);
    logs.unwrap()[1].take()
}

fn name(instance: &Instance) -> String {
    v2(instance)["origin"].as_str().unwrap().to_owned()
}

fn status(instance: &Instance) -> Output {
    let mut command = sigctl();
    command.arg("status").arg(instance.directory());
    command.output().unwrap()
}

fn log(instance: &Instance, verb: &str, arguments: &[&str]) -> Command {
    let mut command = sigctl();
    command.args(["log", verb]).arg(instance.directory());
    command.args(arguments);
    command
}

fn sign(instance: &Instance) -> Command {
    let file = artifact(instance.work(), "paused");
    let mut command = sigctl();
    command.arg("sign").arg(instance.directory()).arg(&file);
    command.args(["--identity", PERSON, "--bundle"]);
    command.arg(beside(&file, "sigstore.json"));
    command
}
