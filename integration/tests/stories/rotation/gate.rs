//! What was signed under a trust root counts under every later one, or that one is not published.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, client, run, sigctl};

use super::tuf::newest_root;
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
pub(crate) fn client_that(folder: &Path, condition: &str) -> PathBuf {
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
    assert_eq!(gate["signed"], 2, "{gate}");
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
fn a_root_to_which_a_client_does_not_come_is_not_published() {
    let instance = Instance::start("gate-root", &[]).unwrap();
    let folder = instance.work().join("clients");
    let soon = ["--drain", "1s", "--accept-short-times"];
    let start = |role, clients: &Path| {
        let mut start = Rotated(role).command(&instance, "start", &soon);
        start.env("SIGSTEAD_CLIENTS", clients);
        start
    };
    for role in ["tuf-online", "tuf-root", "tuf-targets"] {
        let stubborn = client_that(&folder, "[ \"$1\" = initialize ]");
        refuses(&mut start(role, &stubborn), &["e-ctl-459", "it says no"]);
        assert_eq!(newest_root(&instance).version, 1, "{role}");
        let undone = Rotated(role).rotate(&instance, "undo", &[]);
        assert_eq!(undone["phase"], "undone", "{undone}");
    }
    let real = client::cosign().map(|cosign| cosign.ancestors().nth(2).unwrap().to_owned());
    let clients = real.unwrap_or_else(|| client_that(&folder, "false"));
    for role in ["tuf-online", "tuf-root", "tuf-targets"] {
        let before = newest_root(&instance).version;
        let output = run(&mut start(role, &clients)).unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let asked = [", and cosign and sigstore-python came", ", and cosign came"];
        assert!(asked.iter().any(|asked| said.contains(asked)), "{said}");
        Rotated(role).until_over(&instance);
        assert_eq!(newest_root(&instance).version, before + 1, "{role}");
    }
    assert!(!instance.directory().join("run/gate").exists());
}

#[test]
fn a_renewed_root_to_which_a_client_does_not_come_is_not_published() {
    let instance = Instance::start("gate-renewal", &[]).unwrap();
    let folder = instance.work().join("clients");
    // The draft of the targets is served below a first root of its own, so that only the gate of the root has a second one.
    let root = "$(echo \"$*\" | grep -o '[^ ]*/1.root.json' | sed s/1.root/2.root/)";
    let stubborn = client_that(
        &folder,
        &format!("[ \"$1\" = initialize ] && [ -e \"{root}\" ]"),
    );
    refuses(
        publish(&instance).env("SIGSTEAD_CLIENTS", &stubborn),
        &["e-ctl-459", "it says no"],
    );
    assert_eq!(newest_root(&instance).version, 1);
    let clients = client_that(&folder, "false");
    let output = run(publish(&instance).env("SIGSTEAD_CLIENTS", &clients)).unwrap();
    let published: Value = serde_json::from_slice(&output.stdout).unwrap();
    let root = &published["gate"]["root"];
    assert_eq!(
        (&root["version"], &root["clients"][0]),
        (&2.into(), &"cosign".into())
    );
    assert_eq!(newest_root(&instance).version, 2);
}

#[test]
fn a_trust_root_under_which_a_signature_counts_no_more_is_not_published() {
    let instance = Instance::start("gate", &[]).unwrap();
    let gate = published(&instance);
    assert_eq!(
        (&gate["stored"], &gate["signed"]),
        (&0.into(), &2.into()),
        "{gate}"
    );
    let gate = published(&instance);
    assert_eq!(
        (&gate["stored"], &gate["signed"]),
        (&2.into(), &0.into()),
        "{gate}"
    );
    let kept = stored(&instance);
    let versions: BTreeSet<_> = kept.iter().map(|path| entry_version(path)).collect();
    let versions: Vec<_> = versions.iter().map(String::as_str).collect();
    assert_eq!(
        (kept.len(), versions.as_slice()),
        (2, ["0.0.1", "0.0.2"].as_slice())
    );

    let path = instance.directory().join("trust/state.json");
    let whole = fs::read_to_string(&path).unwrap();
    // What ended before it signed: the log of Rekor v1, then the timestamp authority's chain.
    let ended = |list: &str, is_it: &dyn Fn(&Value) -> bool| {
        let mut state: Value = serde_json::from_str(&whole).unwrap();
        let list = state[list].as_array_mut().unwrap();
        let it = list.iter_mut().find(|each| is_it(each)).unwrap();
        it["valid_for"]["end"] = it["valid_for"]["start"].clone();
        it["in_service"] = false.into();
        fs::write(&path, state.to_string()).unwrap();
    };
    ended("signature_logs", &|log| log["face"] == "rekor-v1");
    refuses(&mut publish(&instance), &["e-ctl-455", "-rekor-v1"]);
    ended("timestamp_authorities", &|_| true);
    let said = publish(&instance).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("E-CTL-455"), "{said}");
    assert_eq!(
        said.matches("E-VERIFY-").count(),
        1,
        "each code once: {said}"
    );
    // Without the old signatures new ones are made, with what signs now.
    let bundle = fs::read(&kept[0]).unwrap();
    for kept in &kept {
        fs::remove_file(kept).unwrap();
    }
    refuses(&mut publish(&instance), &["e-ctl-456"]);
    fs::write(&path, &whole).unwrap();
    assert_eq!(published(&instance)["signed"], 2);

    let cut = &bundle[..bundle.len() / 2];
    fs::write(&kept[0], cut).unwrap();
    refuses(&mut publish(&instance), &["e-ctl-457"]);
    fs::write(&kept[0], &bundle).unwrap();
    assert_eq!(published(&instance)["stored"], 2);
}

/// The version of a bundle's entry, which tells the interface of its log.
fn entry_version(bundle: &Path) -> String {
    let bundle: Value = serde_json::from_slice(&fs::read(bundle).unwrap()).unwrap();
    let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
    entry["kindVersion"]["version"].as_str().unwrap().to_owned()
}
