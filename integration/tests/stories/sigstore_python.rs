//! sigstore-python signs and verifies, with the client kit and through the TUF service, and refuses what it must.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sigstead_integration::sigstore_python as by_kit;
pub(crate) use sigstead_integration::sigstore_python::with_kit;
use sigstead_integration::sigstore_python::{at_home, trust};
use sigstead_integration::{Instance, client, run, shared};

use crate::cosign::{self, tamper};
use crate::{PERSON, artifact, beside, refuses};

#[test]
fn a_file_is_signed_and_verified_with_the_trust_config() {
    let Some(sigstore) = client::sigstore_python() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "python-kit");
    let bundle = sign(&mut with_kit(&sigstore, instance), instance, &file);
    run(verify(
        &mut with_kit(&sigstore, instance),
        instance,
        &bundle,
        PERSON,
    )
    .arg(&file))
    .unwrap();
}

#[test]
fn a_file_is_signed_and_verified_after_trust_instance() {
    let Some(sigstore) = client::sigstore_python() else {
        return;
    };
    let instance = shared();
    let home = tempfile::tempdir().unwrap();
    let url = instance.url("tuf");
    let at_home = || at_home(&sigstore, home.path());
    trust(at_home, &url, &instance.kit("root.json")).unwrap();

    let file = artifact(instance.work(), "python-tuf");
    let bundle = sign(at_home().args(["--instance", &url]), instance, &file);
    run(verify(
        at_home().args(["--instance", &url]),
        instance,
        &bundle,
        PERSON,
    )
    .arg(&file))
    .unwrap();
}

#[test]
fn the_first_signature_of_an_instance_is_verified_as_other_clients_write_it() {
    let Some(sigstore) = client::sigstore_python() else {
        return;
    };
    let instance = Instance::start("python-first", &[]).unwrap();
    let file = artifact(instance.work(), "python-first");
    let bundle = sign(&mut with_kit(&sigstore, &instance), &instance, &file);
    let mut written = serde_json::from_slice(&std::fs::read(&bundle).unwrap()).unwrap();
    leave_out_defaults(&mut written);
    std::fs::write(&bundle, written.to_string()).unwrap();
    run(verify(
        &mut with_kit(&sigstore, &instance),
        &instance,
        &bundle,
        PERSON,
    )
    .arg(&file))
    .unwrap();
}

#[test]
fn it_refuses_another_identity_file_instance_and_a_tampered_proof() {
    let Some(sigstore) = client::sigstore_python() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "python-refuse");
    let bundle = sign(&mut with_kit(&sigstore, instance), instance, &file);

    let mut wrong = with_kit(&sigstore, instance);
    refuses(
        verify(&mut wrong, instance, &bundle, "other@example.com").arg(&file),
        &["identity", "san"],
    );

    let mut wrong = with_kit(&sigstore, instance);
    wrong.args([
        "verify",
        "identity",
        "--cert-identity",
        PERSON,
        "--cert-oidc-issuer",
    ]);
    wrong
        .arg("https://issuer.example.com")
        .arg("--bundle")
        .arg(&bundle);
    refuses(wrong.arg(&file), &["issuer"]);

    let changed = artifact(instance.work(), "python-changed");
    let mut wrong = with_kit(&sigstore, instance);
    refuses(
        verify(&mut wrong, instance, &bundle, PERSON).arg(&changed),
        &["signature", "digest", "invalid"],
    );

    let tampered = beside(&file, "tampered.json");
    tamper(&bundle, &tampered);
    let mut wrong = with_kit(&sigstore, instance);
    refuses(
        verify(&mut wrong, instance, &tampered, PERSON).arg(&file),
        &["proof", "inclusion", "root"],
    );

    let other = Instance::create("stranger", &[]).unwrap();
    let mut foreign = with_kit(&sigstore, &other);
    refuses(
        verify(&mut foreign, instance, &bundle, PERSON).arg(&file),
        &["error", "fail", "not"],
    );
}

#[test]
fn it_verifies_what_cosign_signed() {
    let (Some(cosign), Some(sigstore)) = (client::cosign(), client::sigstore_python()) else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "python-cosign");
    let bundle = cosign::sign(&cosign, instance, &file);
    run(verify(
        &mut with_kit(&sigstore, instance),
        instance,
        &bundle,
        PERSON,
    )
    .arg(&file))
    .unwrap();
}

/// Leaves out what the JSON of protobuf leaves out, which this client writes and those in Go and Java do not.
fn leave_out_defaults(value: &mut Value) {
    let is_default =
        |value: &Value| matches!(value.as_str(), Some("" | "0")) || *value == json!([]);
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !is_default(member));
            members.values_mut().for_each(leave_out_defaults);
        }
        Value::Array(elements) => elements.iter_mut().for_each(leave_out_defaults),
        _ => {}
    }
}

pub(crate) fn sign(command: &mut Command, instance: &Instance, file: &Path) -> PathBuf {
    let bundle = beside(file, "sigstore.json");
    let command = by_kit::sign(command, instance, &bundle).unwrap();
    run(command.arg(file)).unwrap();
    bundle
}

pub(crate) fn verify<'a>(
    command: &'a mut Command,
    instance: &Instance,
    bundle: &Path,
    identity: &str,
) -> &'a mut Command {
    let command = by_kit::verify(command, instance, identity);
    command.arg("--bundle").arg(bundle)
}
