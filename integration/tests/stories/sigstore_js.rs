//! sigstore-js signs and verifies over both faces of the transparency log.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use sigstead_integration::client::SigstoreJs;
use sigstead_integration::{Instance, client, run, shared};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn what_it_signs_over_either_face_it_verifies() {
    let instance = shared();
    for (name, js) in [("4", client::sigstore_js()), ("5", client::sigstore_js_5())] {
        let Some(js) = js else { continue };
        for verb in ["sign", "sign-v1", "attest-v1"] {
            let file = artifact(instance.work(), &format!("js-{name}-{verb}"));
            if verb.starts_with("attest") {
                std::fs::write(&file, STATEMENT).unwrap();
            }
            run(&mut call(&js, verb, instance, &file)).unwrap();
            run(&mut call(&js, "verify", instance, &file)).unwrap();
        }
    }
}

// This version of sigstore-js compares the digest of an entry of Rekor v2 with that of the bare payload, so it does not
// verify what it attests there itself; others do.
#[test]
fn what_it_attests_over_rekor_v2_cosign_verifies() {
    let (Some(js), Some(cosign)) = (client::sigstore_js(), client::cosign()) else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "js-attest");
    std::fs::write(&file, STATEMENT).unwrap();
    run(&mut call(&js, "attest", instance, &file)).unwrap();
    let subject = beside(&file, "subject");
    std::fs::write(&subject, "").unwrap();
    run(Command::new(cosign)
        .args(["verify-blob-attestation", "--use-signed-timestamps"])
        .args(["--type", "slsaprovenance1", "--trusted-root"])
        .arg(instance.kit("trusted_root.json"))
        .args(["--certificate-identity", PERSON])
        .args(["--certificate-oidc-issuer", &instance.url("oidc")])
        .arg("--bundle")
        .args([&beside(&file, "sigstore.json"), &subject]))
    .unwrap();
}

#[test]
fn an_attestation_of_the_older_kind_is_signed_and_verified() {
    let Some(js) = client::sigstore_js() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "js-legacy");
    std::fs::write(&file, STATEMENT).unwrap();
    let options = options(instance, &file, json!({"legacy": true}));
    run(&mut node(&js, "attest-v1", &options)).unwrap();
    run(&mut call(&js, "verify", instance, &file)).unwrap();
}

#[test]
fn it_refuses_another_artifact_and_another_identity() {
    let Some(js) = client::sigstore_js() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "js-refuse");
    run(&mut call(&js, "sign-v1", instance, &file)).unwrap();
    let other = json!({"identity": "other@example.com"});
    refuses(
        &mut node(&js, "verify", &options(instance, &file, other)),
        &["identity", "subjectalternativename", "policy"],
    );
    std::fs::write(&file, "another artifact").unwrap();
    refuses(&mut call(&js, "verify", instance, &file), &["signature"]);
}

fn call(js: &SigstoreJs, verb: &str, instance: &Instance, file: &Path) -> Command {
    node(js, verb, &options(instance, file, json!({})))
}

pub(crate) fn node(js: &SigstoreJs, verb: &str, options: &Path) -> Command {
    let mut command = Command::new(&js.node);
    command.arg(client::script("sigstore_js.mjs"));
    command.arg(&js.modules).arg(verb).arg(options);
    command
}

pub(crate) fn options(
    instance: &Instance,
    file: &Path,
    others: serde_json::Value,
) -> std::path::PathBuf {
    let mut options = json!({
        "artifact": file,
        "bundle": beside(file, "sigstore.json"),
        "token": instance.token(PERSON).unwrap(),
        "fulcio": instance.url("ca"),
        "rekor": instance.url("tlog"),
        "tsa": instance.url("tsa"),
        "signingConfig": instance.kit("signing_config.v0.2.json"),
        "mirror": instance.url("tuf"),
        "root": instance.kit("root.json"),
        "cache": instance.work().join("js-cache"),
        "identity": PERSON,
        "issuer": instance.url("oidc"),
    });
    for (name, value) in others.as_object().unwrap() {
        options[name] = value.clone();
    }
    let path = beside(file, "options.json");
    std::fs::write(&path, options.to_string()).unwrap();
    path
}

const STATEMENT: &str = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}"#;
