//! An operator asks what the certificate authority issued, also after it was killed in the middle of it.

use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};

use crate::{PERSON, artifact, beside};

#[test]
fn what_was_issued_is_listed_shown_exported_and_kept_from_the_log() {
    let instance = Instance::start("issued", &[]).unwrap();
    run(&mut signing(&instance)).unwrap();
    run(&mut signing(&instance)).unwrap();
    let listed = issued(&instance, &["list"], &["--identity", PERSON]);
    let [newer, older] = listed.as_array().unwrap().as_slice() else {
        panic!("{listed}")
    };
    assert!(newer["time"].as_str() > older["time"].as_str(), "{listed}");
    for issuance in [newer, older] {
        assert_eq!(issuance["outcome"], "issued");
        assert_eq!(issuance["peer"], "127.0.0.1");
        assert_eq!(issuance["issuer"], instance.url("oidc"));
        assert!(issuance["logged"]["leaf_index"].is_number(), "{issuance}");
    }
    let serial = newer["serial"].as_str().unwrap();
    assert_eq!(issued(&instance, &["show"], &[serial]), *newer);
    let id = newer["id"].as_str().unwrap();
    assert_eq!(issued(&instance, &["show"], &[id]), *newer);
    let failed = issued(&instance, &["list"], &["--outcome", "failed"]);
    assert_eq!(failed, Value::Array(Vec::new()));

    let exported = export(&instance, &[]);
    assert_eq!(exported, [older.clone(), newer.clone()]);
    let number = newer["request_id"].as_str().unwrap();
    let asked = issued(&instance, &["list"], &["--request", number]);
    assert_eq!(asked, Value::Array(vec![newer.clone()]));
    says_that_there_are_more(&instance, newer);
    instance.down().unwrap();
    assert_eq!(export(&instance, &["--offline"]), exported);
    assert_eq!(issued(&instance, &["show"], &[serial, "--offline"]), *newer);
    an_address_is_found_however_it_was_recorded(&instance);

    let log = std::fs::read_to_string(instance.directory().join("run/ca.log")).unwrap();
    assert!(log.contains(serial), "the log leads to the record");
    assert!(!log.contains(PERSON), "the log names no person");
}

fn says_that_there_are_more(instance: &Instance, newest: &Value) {
    let listed = |limit: &str| {
        let mut command = sigctl();
        command.args(["--output", "json", "issued", "list"]);
        command.arg(instance.directory()).args(["--limit", limit]);
        let output = run(&mut command).unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        (json, String::from_utf8(output.stderr).unwrap())
    };
    let (json, said) = listed("1");
    assert_eq!(json, Value::Array(vec![newest.clone()]));
    assert!(
        said.contains("there are more") && said.contains("--limit"),
        "{said}"
    );
    let (json, said) = listed("2");
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(said, "", "there are no more");
}

fn an_address_is_found_however_it_was_recorded(instance: &Instance) {
    let file = instance.directory().join("ca/config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let hashed = text.replacen("hash_emails: false", "hash_emails: true", 1);
    assert_ne!(hashed, text, "{text}");
    std::fs::write(&file, hashed).unwrap();
    instance.up().unwrap();
    run(&mut signing(instance)).unwrap();
    let find = |more: &[&str]| {
        let arguments = [&["--identity", PERSON][..], more].concat();
        let found = issued(instance, &["list"], &arguments);
        let found = found.as_array().unwrap().iter();
        let found = found.map(|each| each["identity"].as_str().unwrap().to_owned());
        found.collect::<Vec<_>>()
    };
    let online = find(&[]);
    assert!(online[0].starts_with("sha256:"), "{online:?}");
    assert_eq!(online[1..], [PERSON, PERSON]);
    instance.down().unwrap();
    assert_eq!(find(&["--offline"]), online);
}

#[test]
fn an_issuance_that_a_kill_interrupted_is_told_after_the_restart() {
    let instance = Instance::start("killed", &[]).unwrap();
    signal(&instance, "ctlog", "-STOP");
    let mut waiting = signing(&instance).spawn().unwrap();
    // The log holds the answer back, so that the authority stands between precertificate and certificate.
    let mut open = Value::Null;
    wait_for("the submission", || {
        open = issued(&instance, &["list"], &["--outcome", "open"]);
        open[0]["stage"] == "log"
    })
    .unwrap();
    instance.kill("ca").unwrap();
    signal(&instance, "ctlog", "-CONT");
    assert!(!waiting.wait().unwrap().success());
    instance.up().unwrap();
    let interrupted = issued(&instance, &["list"], &["--outcome", "interrupted"]);
    let [issuance] = interrupted.as_array().unwrap().as_slice() else {
        panic!("{interrupted}")
    };
    assert_eq!(issuance["serial"], open[0]["serial"]);
    assert_eq!(issuance["stage"], "log");
    assert!(issuance["precertificate_sha256"].is_string(), "{issuance}");
    assert!(issuance.get("certificate_sha256").is_none(), "{issuance}");
    run(&mut signing(&instance)).unwrap();
    let issued = issued(&instance, &["list"], &["--outcome", "issued"]);
    assert_eq!(issued.as_array().unwrap().len(), 1);
}

fn signal(instance: &Instance, service: &str, signal: &str) {
    let file = instance.directory().join(format!("run/{service}.pid"));
    let pid = std::fs::read_to_string(file).unwrap();
    run(Command::new("kill").args([signal, pid.trim()])).unwrap();
}

fn issued(instance: &Instance, verb: &[&str], arguments: &[&str]) -> Value {
    let directory = instance.directory();
    let all = [&["issued"], verb, &[directory.to_str().unwrap()], arguments].concat();
    instance.json(&all).unwrap()
}

fn export(instance: &Instance, arguments: &[&str]) -> Vec<Value> {
    let mut command = sigctl();
    command.args(["issued", "export"]).arg(instance.directory());
    let output = run(command.args(arguments)).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn signing(instance: &Instance) -> Command {
    let file = artifact(instance.work(), "issued");
    let mut command = sigctl();
    command
        .arg("sign")
        .arg(instance.directory())
        .arg(&file)
        .args(["--identity", PERSON, "--bundle"])
        .arg(beside(&file, "sigstore.json"));
    command
}
