//! An operator restores a whole instance from a copy: on the machine that ran it, and on another one.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn a_copy_restored_where_a_newer_one_ran_takes_no_entries() {
    let instance = Instance::start("restored", &[]).unwrap();
    sign(&instance, "before").unwrap();
    instance.down().unwrap();
    let (old, newest) = (beside_it(&instance, "old"), beside_it(&instance, "newest"));
    copy(&instance.directory(), &old);
    instance.up().unwrap();
    sign(&instance, "after").unwrap();
    let entries = entries(&instance);
    instance.down().unwrap();

    sigstead_durable::rename(&instance.directory(), &newest).unwrap();
    copy(&old, &instance.directory());
    comes_up_read_only(&instance, "behind its anchor");
    assert!(sign(&instance, "forked").is_err());
    let origin = origin(&instance);
    instance.down().unwrap();
    refuses(&mut adopt(&instance, &origin, true), &["e-ctl-052"]);

    std::fs::remove_dir_all(instance.directory()).unwrap();
    sigstead_durable::rename(&newest, &instance.directory()).unwrap();
    instance.up().unwrap();
    assert_eq!(self::entries(&instance), entries);
    sign(&instance, "further").unwrap();
    check(&instance);
}

#[test]
fn a_copy_restored_on_another_machine_takes_entries_once_it_is_adopted() {
    let instance = Instance::start("moved", &[]).unwrap();
    sign(&instance, "before").unwrap();
    let entries = entries(&instance);
    let names: Vec<_> = logs(&instance).iter().map(name).collect();
    assert_eq!(names.last(), Some(&ct_origin(&instance)));
    refuses(&mut adopt(&instance, &names[1], true), &["e-ctl-051"]);
    instance.down().unwrap();

    std::fs::remove_dir_all(beside_it(&instance, "anchors")).unwrap();
    comes_up_read_only(&instance, "sigctl log adopt");
    instance.down().unwrap();
    for log in &names {
        refuses(&mut adopt(&instance, log, false), &["e-ctl-050"]);
        run(&mut adopt(&instance, log, true)).unwrap();
        refuses(&mut adopt(&instance, log, true), &["e-ctl-052"]);
    }
    instance.up().unwrap();
    assert_eq!(self::entries(&instance), entries);
    sign(&instance, "after").unwrap();
    check(&instance);
}

fn sign(instance: &Instance, name: &str) -> anyhow::Result<()> {
    let file = artifact(instance.work(), name);
    let bundle = beside(&file, "sigstore.json");
    run(sigctl()
        .arg("sign")
        .arg(instance.directory())
        .arg(&file)
        .arg("--bundle")
        .arg(bundle)
        .args(["--identity", PERSON]))
    .map(drop)
}

fn comes_up_read_only(instance: &Instance, why: &str) {
    let directory = instance.directory();
    let up = sigctl()
        .arg("up")
        .arg(&directory)
        .args(["--detach", "--wait", "15"])
        .output()
        .unwrap();
    assert!(!up.status.success());
    let logs = logs(instance);
    let state = logs.iter().find(|log| log["face"] == "rekor-v2").unwrap()["state"].clone();
    let state = state.as_str().unwrap();
    assert!(
        state.contains("takes no entries") && state.contains(why),
        "{state}"
    );
}

fn adopt(instance: &Instance, log: &str, is_confirmed: bool) -> Command {
    let mut command = sigctl();
    command
        .args(["log", "adopt"])
        .arg(instance.directory())
        .args(["--log", log]);
    command.args(is_confirmed.then_some("--yes"));
    command
}

fn check(instance: &Instance) {
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
}

fn logs(instance: &Instance) -> Vec<Value> {
    let directory = instance.directory();
    let logs = instance.json(&["log", "info", directory.to_str().unwrap()]);
    logs.unwrap().as_array().unwrap().clone()
}

/// The log of Rekor v2.
fn origin(instance: &Instance) -> String {
    let logs = logs(instance);
    let log = logs.iter().find(|log| log["face"] == "rekor-v2").unwrap();
    name(log)
}

fn name(log: &Value) -> String {
    log["origin"].as_str().unwrap().to_owned()
}

/// All entries of that log.
fn entries(instance: &Instance) -> Vec<Value> {
    let directory = instance.directory();
    let (directory, origin) = (directory.to_str().unwrap(), origin(instance));
    let log = logs(instance)
        .into_iter()
        .find(|log| log["origin"] == origin.as_str());
    let size = log.unwrap()["size"].as_u64().unwrap();
    let entry = |index: u64| {
        let index = index.to_string();
        let entry = instance.json(&["log", "get", directory, &index, "--log", &origin]);
        entry.unwrap()["leaf_hash"].clone()
    };
    (0..size).map(entry).collect()
}

fn ct_origin(instance: &Instance) -> String {
    let config = instance.directory().join("ctlog/config.yaml");
    let text = std::fs::read_to_string(config).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("origin: "));
    line.unwrap().to_owned()
}

fn beside_it(instance: &Instance, name: &str) -> PathBuf {
    instance.work().join(name)
}

fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-a").arg(from).arg(to)).unwrap();
}
