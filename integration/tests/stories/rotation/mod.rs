//! An operator replaces a key while everybody signs on.

mod admin;
mod certificates;
mod ct;
mod ct_windows;
pub(crate) mod gate;
mod load;
mod oidc;
mod rehearsal;
mod rekor_v1;
mod rekor_v2;
mod signing;
mod tls;
mod tuf;
pub(crate) mod tuf_clients;
mod watched;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sigstead_integration::{Instance, client, run, wait_for};
use sigstead_trust_root::{CertificateAuthority, TrustedRoot};

use self::load::Load;
use self::signing::sign_command;
use crate::{PERSON, artifact, cosign, refuses, sigstore_python};

const TSA: &str = "tsa";
/// Long enough for clients to sign before the next key does, and short enough for a test.
const SOON: [&str; 5] = ["--in", "25s", "--drain", "2s", "--accept-short-times"];

#[test]
fn a_key_is_rotated_under_load_and_bundles_of_all_times_verify_with_all_clients() {
    let instance = Instance::start("rotated", &[]).unwrap();
    let process = instance.service("tsa").unwrap()["pid"].clone();
    let first_kit = instance.work().join("first-root.json");
    std::fs::copy(instance.kit("trusted_root.json"), &first_kit).unwrap();
    let load = Load::start(&instance);
    let mut signed = sign(&instance, "before");

    let started = rotate(&instance, TSA, "start", &SOON);
    assert_eq!(started["phase"], "loaded", "{started}");
    signed.extend(sign(&instance, "announced"));
    let status = rotate(&instance, TSA, "status", &[]);
    let next = status["next"].as_str().unwrap();
    assert!(next.contains("can be taken back"), "{next}");
    wait_for("the next key", || load.chains() == 2).unwrap();
    signed.extend(sign(&instance, "switched"));
    let retired = until_retired(&instance, TSA);
    assert_eq!(retired["number"], 2);
    signed.extend(sign(&instance, "retired"));

    let root = trusted_root(&instance);
    let ends: Vec<_> = root
        .timestamp_authorities
        .iter()
        .map(|each| each.valid_for.end.is_some())
        .collect();
    assert_eq!(ends, [false, true], "the newest chain first");
    // Each answer of the load, the first as the last, and by both keys.
    let by_chain = load.stop().verified(&root);
    assert_eq!(by_chain.len(), 2);
    assert!(by_chain.iter().all(|count| *count > 0), "{by_chain:?}");
    for (file, bundle) in &signed {
        verify(&instance, file, bundle);
    }
    assert_eq!(
        instance.service("tsa").unwrap()["pid"],
        process,
        "nothing was restarted"
    );
    let acts = instance.json(&["audit", "list", instance.directory().to_str().unwrap()]);
    let acts = acts.unwrap().as_array().unwrap().clone();
    let told = |verb: &str| {
        let method = format!("sigctl rotate tsa {verb}");
        let of_verb = acts.iter().filter(|act| act["method"] == method.as_str());
        of_verb
            .filter(|act| act["outcome"] == "done" && act["arguments"]["rotation"] == "2")
            .count()
    };
    assert_eq!((told("start"), told("resume")), (1, 1), "{acts:?}");
    let refreshed = client::python().map(|python| {
        run(Command::new(python)
            .arg(client::script("tuf_client.py"))
            .arg(instance.url("tuf"))
            .arg(instance.kit("root.json")))
    });
    assert!(refreshed.is_none_or(|refreshed| refreshed.is_ok()));
    let doctor = sigstead_integration::sigctl()
        .args(["doctor", "--offline"])
        .arg(instance.directory())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(!said.contains("timestamp authority"), "{said}");
    // A client that never looked again does not know the next key.
    let (file, bundle) = signed.last().unwrap();
    refuses(
        &mut sigctl_verify(&instance, &first_kit, file, bundle),
        &["timestamp"],
    );
}

/// A rotation can be interrupted anywhere: what was begun is finished or taken back.
#[test]
fn a_rotation_that_is_killed_anywhere_is_resumed_or_taken_back() {
    let instance = Instance::start("interrupted", &[]).unwrap();
    let load = Load::start(&instance);
    let chains = |root: &TrustedRoot| root.timestamp_authorities.clone();
    is_taken_back_wherever_it_is_killed(&instance, TSA, chains);
    let by_chain = load.stop().verified(&trusted_root(&instance));
    assert_eq!(by_chain.iter().filter(|count| **count > 0).count(), 1);
}

fn is_taken_back_wherever_it_is_killed(
    instance: &Instance,
    role: &str,
    chains: impl Fn(&TrustedRoot) -> Vec<CertificateAuthority>,
) {
    let later = ["--in", "1h", "--drain", "1s", "--accept-short-times"];
    let plan = instance.directory();
    let plan = plan.join(format!("trust/rotations/{role}.json"));
    for (number, phase) in ["planned", "prepared", "tried", "announced", "loaded"]
        .iter()
        .enumerate()
    {
        let mut start = command(instance, role, "start", &later);
        let mut start = start
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let has_come = || {
            let plan = std::fs::read_to_string(&plan).unwrap_or_default();
            plan.contains(&format!("\"phase\": \"{phase}\""))
        };
        // If it is seen too late, the kill comes at a later step, and what follows holds all the same.
        while !has_come() && start.try_wait().unwrap().is_none() {}
        let _ = start.kill();
        start.wait().unwrap();
        if number.is_multiple_of(2) {
            let resumed = command(instance, role, "resume", &[]).output().unwrap();
            assert_eq!(resumed.status.code(), Some(6), "{resumed:?}");
        }
        assert_eq!(rotate(instance, role, "undo", &[])["phase"], "undone");
        let chains = chains(&trusted_root(instance));
        let ended = chains
            .iter()
            .filter(|each| each.valid_for.end == each.valid_for.start);
        assert_eq!(ended.count() + 1, chains.len(), "none of them signs");
    }
}

#[test]
fn a_rotation_that_would_leave_clients_behind_or_is_not_as_it_was_written_is_refused() {
    let instance = Instance::start("refused-rotation", &[]).unwrap();
    let folder = instance.directory();
    let refused = |verb: &str, arguments: &[&str], code: &str| {
        refuses(
            &mut command(&instance, TSA, verb, arguments),
            &[&code.to_lowercase()],
        );
    };
    refused("status", &[], "E-CTL-285");
    refused("resume", &[], "E-CTL-285");
    refused("start", &["--in", "1h"], "E-CTL-281");
    refused("start", &["--drain", "1s"], "E-CTL-281");
    let plan = folder.join("trust/rotations/tsa.json");
    instance.kill("tsa").unwrap();
    refused("start", &[], "E-CTL-076");
    assert!(!plan.exists(), "refused before anything was made");
    instance.up().unwrap();
    let state = folder.join("trust/state.json");
    let before = std::fs::read(&state).unwrap();
    rotate(&instance, TSA, "start", &[]);
    refused("start", &[], "E-CTL-283");
    let written = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, written.replace("\"number\": 2", "\"number\": 3")).unwrap();
    for verb in ["resume", "undo", "status"] {
        refused(verb, &[], "E-CTL-284");
    }
    std::fs::write(&plan, &written).unwrap();
    let resumed = command(&instance, TSA, "resume", &[]).output().unwrap();
    assert_eq!(resumed.status.code(), Some(6), "{resumed:?}");
    // An old copy of the state would take the next key back from clients.
    let announced = std::fs::read(&state).unwrap();
    std::fs::write(&state, before).unwrap();
    refuses(
        Command::new(sigstead_integration::sigctl().get_program())
            .args(["trust", "publish"])
            .arg(&folder),
        &["e-ctl-032"],
    );
    std::fs::write(&state, announced).unwrap();
    assert_eq!(rotate(&instance, TSA, "undo", &[])["phase"], "undone");
    refused("undo", &[], "E-CTL-285");
    let config = folder.join("tsa/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        text.replace("successors_file: successors.yaml\n", ""),
    )
    .unwrap();
    refused("start", &[], "E-CTL-292");
    assert!(!plan.exists(), "refused before anything was made");
    std::fs::write(&config, text).unwrap();
    let soon = ["--in", "3s", "--drain", "1h", "--accept-short-times"];
    rotate(&instance, TSA, "start", &soon);
    refused("undo", &[], "E-CTL-286");
}

/// A file and its bundle by each client that is here.
fn sign(instance: &Instance, when: &str) -> Vec<(PathBuf, PathBuf)> {
    let mut signed = Vec::new();
    if let Some(cosign) = client::cosign() {
        let file = artifact(instance.work(), &format!("{when}-cosign"));
        let bundle = cosign::sign(&cosign, instance, &file);
        signed.push((file, bundle));
    }
    if let Some(python) = client::sigstore_python() {
        let file = artifact(instance.work(), &format!("{when}-python"));
        let mut command = sigstore_python::with_kit(&python, instance);
        let bundle = sigstore_python::sign(&mut command, instance, &file);
        signed.push((file, bundle));
    }
    let file = artifact(instance.work(), &format!("{when}-sigctl"));
    let bundle = file.with_extension("sigstore.json");
    let mut command = sign_command(&instance.directory());
    run(command.arg("--bundle").args([&bundle, &file])).unwrap();
    signed.push((file, bundle));
    signed
}

fn trusted_root(instance: &Instance) -> TrustedRoot {
    let root = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    TrustedRoot::parse(&root).unwrap()
}

fn verify(instance: &Instance, file: &Path, bundle: &Path) {
    let root = instance.kit("trusted_root.json");
    run(&mut sigctl_verify(instance, &root, file, bundle)).unwrap();
    if let Some(cosign) = client::cosign() {
        run(cosign::verify(&cosign, instance, bundle).arg(file)).unwrap();
    }
    if let Some(python) = client::sigstore_python() {
        let mut command = sigstore_python::with_kit(&python, instance);
        run(sigstore_python::verify(&mut command, instance, bundle, PERSON).arg(file)).unwrap();
    }
}

fn sigctl_verify(instance: &Instance, root: &Path, file: &Path, bundle: &Path) -> Command {
    let mut command = sigstead_integration::sigctl();
    command.arg("verify").arg("--trusted-root").arg(root);
    command.args(["--identity", PERSON, "--issuer"]);
    command
        .arg(instance.url("oidc"))
        .arg("--bundle")
        .args([bundle, file]);
    command.env("SIGSTEAD_DIR", instance.directory());
    command
}

fn command(instance: &Instance, role: &str, verb: &str, arguments: &[&str]) -> Command {
    let mut command = sigstead_integration::sigctl();
    command.args(["--output", "json", "rotate", role, verb]);
    command.arg(instance.directory()).args(arguments);
    command
}

fn rotate(instance: &Instance, role: &str, verb: &str, arguments: &[&str]) -> Value {
    let output = run(&mut command(instance, role, verb, arguments)).unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn until_retired(instance: &Instance, role: &str) -> Value {
    let mut retired = Value::Null;
    wait_for("the end of the rotation", || {
        let output = command(instance, role, "resume", &[]).output().unwrap();
        retired = serde_json::from_slice(&output.stdout).unwrap();
        output.status.success()
    })
    .unwrap();
    assert_eq!(retired["phase"], "retired", "{retired}");
    retired
}

/// The commands of the page, in their order.
#[test]
fn the_commands_of_the_page_work_as_they_are_written() {
    let page = include_str!("../../../../docs/rotating.md");
    let lines = page.lines().map(str::trim);
    // What is said twice is done once.
    let mut said = BTreeSet::new();
    let commands: Vec<_> = lines
        .filter(|line| line.starts_with("sigctl rotate ") && said.insert(*line))
        .collect();
    assert_eq!(commands.len(), 35);
    let instance = Instance::start("by-the-page", &[]).unwrap();
    // That with a window follows the one without in a story of its own.
    for line in commands
        .into_iter()
        .filter(|line| !line.contains(" --window "))
    {
        works_as_written(&instance, line);
    }
    let laid_out = instance.work().join("laid-out");
    run(sigstead_integration::sigctl()
        .args(["kubernetes", "lay-out"])
        .arg(instance.directory())
        .arg("--to")
        .arg(&laid_out))
    .unwrap();
    let listed = std::fs::read_to_string(laid_out.join("tsa/successors.yaml")).unwrap();
    assert!(
        listed.contains("file:/etc/sigstead/keys/tsa-2.key"),
        "{listed}"
    );
    assert!(laid_out.join("ctlog/ct-2.key").is_file());
    let values = std::fs::read_to_string(laid_out.join("values.yaml")).unwrap();
    assert!(
        values.contains("file:/etc/sigstead/keys/ct-2.key"),
        "{values}"
    );
}

fn works_as_written(instance: &Instance, line: &str) {
    let words = line.split_whitespace().skip(1);
    let mut command = sigstead_integration::sigctl();
    for word in words {
        match word {
            "DIR" => command.arg(instance.directory()),
            word => command.arg(word),
        };
    }
    let output = command.output().unwrap();
    // The times of the next keys are days away.
    let expected = if line.contains(" resume ") { 6 } else { 0 };
    assert_eq!(output.status.code(), Some(expected), "{line}: {output:?}");
}
