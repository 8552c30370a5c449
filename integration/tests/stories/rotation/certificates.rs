//! The key that issues certificates is replaced, or the root above it with it.

use serde_json::Value;
use sigstead_integration::{Instance, run, wait_for};
use sigstead_trust_root::TrustedRoot;

use super::signing::{Signing, issuer_of};
use super::{
    command, is_taken_back_wherever_it_is_killed, rotate, sigctl_verify, sign, trusted_root,
    until_retired, verify,
};
use crate::refuses;

const ROLE: &str = "ca-intermediate";
const ROOT: &str = "ca-root";
/// Long enough for clients to sign before the next key issues, and for what the old one issued to be used under load.
const SOON: [&str; 5] = ["--in", "25s", "--drain", "30s", "--accept-short-times"];

#[test]
fn an_intermediate_is_rotated_under_load_and_bundles_of_all_times_verify_with_all_clients() {
    let instance = Instance::start("new-intermediate", &[]).unwrap();
    is_rotated_under_load(&instance, ROLE);
}

#[test]
fn a_root_is_rotated_under_load_and_bundles_of_all_times_verify_with_all_clients() {
    let instance = Instance::start("new-root", &[]).unwrap();
    is_rotated_under_load(&instance, ROOT);
    // The next intermediate is of the new root; the old one is needed no more.
    let old = instance.directory().join("trust/ca-root.key");
    std::fs::remove_file(old).unwrap();
    assert_eq!(rotate(&instance, ROLE, "start", &[])["phase"], "loaded");
    assert_eq!(rotate(&instance, ROLE, "undo", &[])["phase"], "undone");
}

fn is_rotated_under_load(instance: &Instance, role: &str) {
    let process = instance.service("ca").unwrap()["pid"].clone();
    let first_kit = instance.work().join("first-root.json");
    std::fs::copy(instance.kit("trusted_root.json"), &first_kit).unwrap();
    let load = Signing::start(instance);
    let mut signed = sign(instance, "before");

    let started = rotate(instance, role, "start", &SOON);
    assert_eq!(started["phase"], "loaded", "{started}");
    let bundle = trust_bundle(instance);
    assert_eq!(bundle.len(), 2, "both chains are shown");
    signed.extend(sign(instance, "announced"));
    wait_for("the next key", || load.issuers() == 2).unwrap();
    let switched = trust_bundle(instance);
    assert!(
        switched.iter().rev().eq(&bundle),
        "the one that issues first"
    );
    signed.extend(sign(instance, "switched"));
    let retired = until_retired(instance, role);
    assert_eq!(retired["number"], 2);
    signed.extend(sign(instance, "retired"));

    let root = trusted_root(instance);
    let ends = root.certificate_authorities.iter();
    let ends: Vec<_> = ends.map(|each| each.valid_for.end.is_some()).collect();
    assert_eq!(ends, [false, true], "the newest chain first");
    let all = load.stop();
    let of_first = all
        .iter()
        .filter(|(_, bundle)| issuer_of(bundle) == issuer_of(&all[0].1));
    assert!((1..all.len()).contains(&of_first.count()));
    let kit = instance.kit("trusted_root.json");
    for (file, bundle) in &all {
        run(&mut sigctl_verify(instance, &kit, file, bundle)).unwrap();
    }
    for (file, bundle) in &signed {
        verify(instance, file, bundle);
    }
    assert_eq!(
        instance.service("ca").unwrap()["pid"],
        process,
        "nothing was restarted"
    );
    let doctor = sigstead_integration::sigctl()
        .args(["doctor", "--offline"])
        .arg(instance.directory())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(!said.contains("certificate authority"), "{said}");
    // A client that never looked again does not know the next key.
    let (file, bundle) = signed.last().unwrap();
    refuses(
        &mut sigctl_verify(instance, &first_kit, file, bundle),
        &["certificate"],
    );
}

#[test]
fn a_rotation_of_an_intermediate_or_a_root_that_is_killed_anywhere_is_taken_back() {
    let instance = Instance::start("interrupted-intermediate", &[]).unwrap();
    let load = Signing::start(&instance);
    let roots = instance.directory().join("ctlog/roots.pem");
    let known = std::fs::read(&roots).unwrap();
    let chains = |root: &TrustedRoot| root.certificate_authorities.clone();
    for role in [ROLE, ROOT] {
        is_taken_back_wherever_it_is_killed(&instance, role, chains);
    }
    assert_eq!(std::fs::read(&roots).unwrap(), known);
    assert_eq!(load.issuers(), 1);
    let kit = instance.kit("trusted_root.json");
    for (file, bundle) in load.stop() {
        run(&mut sigctl_verify(&instance, &kit, &file, &bundle)).unwrap();
    }
}

#[test]
fn an_intermediate_that_could_not_issue_is_never_announced() {
    let instance = Instance::start("refused-intermediate", &[]).unwrap();
    let folder = instance.directory();
    let refused = |verb: &str, arguments: &[&str], code: &str| {
        refuses(
            &mut command(&instance, ROLE, verb, arguments),
            &[&code.to_lowercase()],
        );
    };
    refused("status", &[], "E-CTL-285");
    // What the old key issued last must still be accepted.
    refused("start", &["--drain", "12m"], "E-CTL-281");
    // A log that does not know the root takes no certificate of it.
    let roots = folder.join("ctlog/roots.pem");
    let known = std::fs::read(&roots).unwrap();
    std::fs::copy(folder.join("trust/tsa-root.pem"), &roots).unwrap();
    instance.kill("ctlog").unwrap();
    instance.up().unwrap();
    let before = std::fs::read(folder.join("trust/state.json")).unwrap();
    refused("start", &[], "E-CTL-300");
    let after = std::fs::read(folder.join("trust/state.json")).unwrap();
    assert_eq!(before, after, "nobody is told");
    std::fs::write(&roots, known).unwrap();
    instance.kill("ctlog").unwrap();
    instance.up().unwrap();
    let resumed = command(&instance, ROLE, "resume", &[]).output().unwrap();
    assert_eq!(resumed.status.code(), Some(6), "{resumed:?}");
    // The root cannot be replaced beside it; a rotation of another role goes its own way.
    refuses(&mut command(&instance, ROOT, "start", &[]), &["e-ctl-283"]);
    assert_eq!(rotate(&instance, "tsa", "start", &[])["phase"], "loaded");
    assert_eq!(rotate(&instance, ROLE, "undo", &[])["phase"], "undone");
    assert_eq!(rotate(&instance, "tsa", "undo", &[])["phase"], "undone");
    sign(&instance, "after");
}

/// The chains that the authority shows.
fn trust_bundle(instance: &Instance) -> Vec<Value> {
    let url = format!("{}/api/v2/trustBundle", instance.url("ca"));
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let text = runtime.block_on(async { reqwest::get(url).await.unwrap().text().await.unwrap() });
    let bundle: Value = serde_json::from_str(&text).unwrap();
    bundle["chains"].as_array().unwrap().clone()
}
