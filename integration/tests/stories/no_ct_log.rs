//! An instance without a certificate transparency log says so everywhere, and the commands of its client kit work.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sigstead_integration::{Instance, client, run, sigctl};

use crate::sigstore_js::{node, options};
use crate::{PERSON, artifact, beside, refuses, sigstore_python};

#[test]
fn it_is_said_at_init_in_the_kit_in_the_trust_root_and_in_the_status() {
    let made = sigctl_init();
    let (text, instance) = (&made.0, &made.1);
    assert!(text.contains("no CT log"), "{text}");
    assert!(!text.contains("ctlog"), "it has no such service: {text}");
    let readme = std::fs::read_to_string(instance.kit("README.md")).unwrap();
    assert!(readme.contains("no certificate transparency log"));
    assert!(!instance.kit("ctfe.pub").exists());
    let root = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let logs = root["ctlogs"].as_array().map_or(0, Vec::len);
    assert_eq!(logs, 0, "{root}");
    instance.up().unwrap();
    let status = instance.service("ca").unwrap();
    assert!(
        status["warnings"].to_string().contains("no SCT"),
        "{status}"
    );
    assert!(instance.service("ctlog").is_err(), "{status}");

    signs_and_verifies_with_sigctl(instance);
    cosign_verifies_when_it_is_told_to(instance);
    sigstore_js_verifies_when_it_is_told_to(instance);
    sigstore_python_does_not_sign(instance);
}

/// What `sigctl init` prints, and the instance.
fn sigctl_init() -> (String, Instance) {
    let instance = Instance::create("no-ct-log", &["--ct-log", "none"]).unwrap();
    let again = tempfile::tempdir().unwrap();
    let mut command = sigctl();
    command.arg("init").arg(again.path().join("i"));
    command.args(["--name", "no-ct-log", "--ct-log", "none", "--anchors"]);
    let output = run(command.arg(again.path().join("anchors"))).unwrap();
    (String::from_utf8(output.stdout).unwrap(), instance)
}

fn signs_and_verifies_with_sigctl(instance: &Instance) {
    let file = artifact(instance.work(), "no-sct-sigctl");
    let bundle = beside(&file, "sigstore.json");
    let mut sign = sigctl();
    sign.arg("sign").arg(instance.directory()).arg(&file);
    run(sign.args(["--identity", PERSON, "--bundle"]).arg(&bundle)).unwrap();
    let verify = |more: &[&str]| {
        let mut verify = sigctl();
        verify.arg("verify").arg(&file).arg("--bundle").arg(&bundle);
        verify
            .arg("--trusted-root")
            .arg(instance.kit("trusted_root.json"));
        verify.args(["--identity", PERSON, "--issuer", &instance.url("oidc")]);
        verify.args(more);
        verify
    };
    run(&mut verify(&["--min-scts", "0"])).unwrap();
    refuses(&mut verify(&[]), &["sct", "certificate log"]);
}

fn cosign_verifies_when_it_is_told_to(instance: &Instance) {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let file = artifact(instance.work(), "no-sct-cosign");
    let bundle = beside(&file, "sigstore.json");
    let kit = |name| instance.kit(name);
    let mut sign = Command::new(&cosign);
    sign.args(["sign-blob", "--yes", "--identity-token"]);
    sign.arg(instance.token(PERSON).unwrap());
    sign.arg("--signing-config")
        .arg(kit("signing_config.v0.2.json"));
    sign.arg("--trusted-root").arg(kit("trusted_root.json"));
    run(sign.arg("--bundle").args([&bundle, &file])).unwrap();
    let verify = |more: &[&str]| {
        let mut verify = Command::new(&cosign);
        verify.args(["verify-blob", "--use-signed-timestamps", "--trusted-root"]);
        verify.arg(kit("trusted_root.json")).args(more);
        verify.args(["--certificate-identity", PERSON]);
        verify.args(["--certificate-oidc-issuer", &instance.url("oidc")]);
        verify.arg("--bundle").args([&bundle, &file]);
        verify
    };
    run(&mut verify(&["--insecure-ignore-sct"])).unwrap();
    refuses(&mut verify(&[]), &["sct", "signed certificate timestamp"]);
}

fn sigstore_js_verifies_when_it_is_told_to(instance: &Instance) {
    let Some(js) = client::sigstore_js() else {
        return;
    };
    let file = artifact(instance.work(), "no-sct-js");
    let told = json!({"ctLogThreshold": 0});
    run(&mut node(
        &js,
        "sign-v1",
        &options(instance, &file, told.clone()),
    ))
    .unwrap();
    run(&mut node(&js, "verify", &options(instance, &file, told))).unwrap();
    let not_told = options(instance, &file, json!({}));
    refuses(
        &mut node(&js, "verify", &not_told),
        &["sct", "timestamp", "ctlog"],
    );
}

fn sigstore_python_does_not_sign(instance: &Instance) {
    let Some(sigstore) = client::sigstore_python() else {
        return;
    };
    let file = artifact(instance.work(), "no-sct-python");
    let mut sign = sigstore_python::with_kit(Path::new(&sigstore), instance);
    sign.args(["sign", "--identity-token", &instance.token(PERSON).unwrap()]);
    sign.arg("--bundle")
        .args([&beside(&file, "sigstore.json"), &file]);
    refuses(&mut sign, &["missing certificate chain", "sct"]);
}
