//! What was signed under a trust root counts under every later one, or that one is not published.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl};

use crate::refuses;

fn publish(instance: &Instance) -> Command {
    let mut command = sigctl();
    command.args(["--output", "json", "trust", "publish", "--valid-for", "30d"]);
    command.arg(instance.directory());
    command
}

fn published(instance: &Instance) -> Value {
    let output = run(&mut publish(instance)).unwrap();
    let mut published: Value = serde_json::from_slice(&output.stdout).unwrap();
    published["gate"].take()
}

fn stored(instance: &Instance) -> Vec<PathBuf> {
    let folder = fs::read_dir(instance.directory().join("trust/signed")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

/// A folder with a client that refuses where the condition of the shell holds.
fn client_that(folder: &Path, condition: &str) -> PathBuf {
    let place = folder.join("bin");
    fs::create_dir_all(&place).unwrap();
    let script = format!("#!/bin/sh\nif {condition}; then echo 'it says no' >&2; exit 1; fi\n");
    fs::write(place.join("cosign"), script).unwrap();
    fs::set_permissions(place.join("cosign"), Permissions::from_mode(0o755)).unwrap();
    folder.to_owned()
}

#[test]
fn a_trust_root_that_a_client_does_not_take_is_not_published() {
    let instance = Instance::start("gate-clients", &[]).unwrap();
    let gate = published(&instance);
    assert_eq!(gate["signed"], true, "{gate}");
    assert!(
        gate["untried"]
            .to_string()
            .contains("cosign, which is not installed"),
        "{gate}"
    );
    let folder = instance.work().join("clients");
    for condition in [
        // What only the draft has.
        "echo \"$*\" | grep -q 'verify-blob.*--trusted-root [^ ]*/after/'",
        "echo \"$*\" | grep -q 'sign-blob.*--trusted-root [^ ]*/after/'",
        "[ \"$1\" = initialize ]",
    ] {
        let clients = client_that(&folder, condition);
        refuses(
            publish(&instance).env("SIGSTEAD_CLIENTS", clients),
            &["e-ctl-459"],
        );
    }
    // It is no fault of the draft what a client refuses without it too.
    let clients = client_that(&folder, "[ \"$1\" != initialize ]");
    let output = run(publish(&instance).env("SIGSTEAD_CLIENTS", clients)).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("it says no"), "{said}");

    let Some(cosign) = client::cosign() else {
        return;
    };
    let clients = cosign.ancestors().nth(2).unwrap();
    let output = run(publish(&instance).env("SIGSTEAD_CLIENTS", clients)).unwrap();
    let published: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut expected = vec!["cosign"];
    expected.extend(client::sigstore_python().map(|_| "sigstore-python"));
    assert_eq!(
        published["gate"]["clients"],
        serde_json::json!(expected),
        "{published}"
    );
    let untried = published["gate"]["untried"].to_string();
    assert!(
        !untried.contains("cosign") && !untried.contains("a signature of"),
        "{untried}"
    );
    assert!(
        !instance.directory().join("run/gate").exists(),
        "nothing is left of it"
    );
}

#[test]
fn a_trust_root_under_which_a_signature_counts_no_more_is_not_published() {
    let instance = Instance::start("gate", &[]).unwrap();
    let gate = published(&instance);
    assert_eq!(
        (&gate["stored"], &gate["signed"]),
        (&0.into(), &true.into()),
        "{gate}"
    );
    let gate = published(&instance);
    assert_eq!(
        (&gate["stored"], &gate["signed"]),
        (&1.into(), &false.into()),
        "{gate}"
    );
    let kept = stored(&instance);
    assert_eq!(kept.len(), 1);

    // The timestamp authority's chain ends before it stamped.
    let path = instance.directory().join("trust/state.json");
    let whole = fs::read_to_string(&path).unwrap();
    let mut state: Value = serde_json::from_str(&whole).unwrap();
    let chain = &mut state["timestamp_authorities"][0];
    chain["valid_for"]["end"] = chain["valid_for"]["start"].clone();
    chain["in_service"] = false.into();
    fs::write(&path, state.to_string()).unwrap();
    refuses(&mut publish(&instance), &["e-ctl-455"]);
    // Without the old signature a new one is made, with what signs now.
    let bundle = fs::read(&kept[0]).unwrap();
    fs::remove_file(&kept[0]).unwrap();
    refuses(&mut publish(&instance), &["e-ctl-456"]);
    fs::write(&path, &whole).unwrap();
    assert_eq!(published(&instance)["signed"], true);

    let cut = &bundle[..bundle.len() / 2];
    fs::write(&kept[0], cut).unwrap();
    refuses(&mut publish(&instance), &["e-ctl-457"]);
    fs::write(&kept[0], &bundle).unwrap();
    assert_eq!(published(&instance)["stored"], 1);
}
