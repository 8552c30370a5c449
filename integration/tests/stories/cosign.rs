//! cosign signs and verifies blobs and attestations, and refuses what it must.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use sigstead_integration::cosign::verify;
use sigstead_integration::cosign::{self as by_kit, verify_of_anybody};
use sigstead_integration::{Instance, client, run, shared};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn a_blob_is_signed_and_verified_with_the_client_kit() {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "cosign-kit");
    let bundle = sign(&cosign, instance, &file);
    run(verify(&cosign, instance, &bundle).arg(&file)).unwrap();
}

#[test]
fn a_blob_is_signed_and_verified_after_initialize_from_the_tuf_service() {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let instance = shared();
    let cache = tempfile::tempdir().unwrap();
    run(Command::new(&cosign)
        .env("TUF_ROOT", cache.path())
        .args(["initialize", "--mirror", &instance.url("tuf"), "--root"])
        .arg(instance.kit("root.json")))
    .unwrap();

    let file = artifact(instance.work(), "cosign-tuf");
    let bundle = beside(&file, "sigstore.json");
    run(Command::new(&cosign)
        .env("TUF_ROOT", cache.path())
        .args([
            "sign-blob",
            "--yes",
            "--identity-token",
            &instance.token(PERSON).unwrap(),
            "--bundle",
        ])
        .args([&bundle, &file]))
    .unwrap();
    run(Command::new(&cosign)
        .env("TUF_ROOT", cache.path())
        .args([
            "verify-blob",
            "--use-signed-timestamps",
            "--certificate-identity",
            PERSON,
        ])
        .args([
            "--certificate-oidc-issuer",
            &instance.url("oidc"),
            "--bundle",
        ])
        .args([&bundle, &file]))
    .unwrap();
}

#[test]
fn a_provenance_attestation_is_made_and_verified() {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "cosign-attest");
    let predicate = beside(&file, "predicate.json");
    std::fs::write(&predicate, PROVENANCE).unwrap();
    let bundle = beside(&file, "sigstore.json");
    run(Command::new(&cosign)
        .args([
            "attest-blob",
            "--yes",
            "--type",
            "slsaprovenance1",
            "--predicate",
        ])
        .arg(&predicate)
        .args([
            "--identity-token",
            &instance.token(PERSON).unwrap(),
            "--signing-config",
        ])
        .arg(instance.kit("signing_config.v0.2.json"))
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .arg("--bundle")
        .args([&bundle, &file]))
    .unwrap();

    let check = |kind: &str| {
        let mut command = Command::new(&cosign);
        command
            .args([
                "verify-blob-attestation",
                "--use-signed-timestamps",
                "--type",
                kind,
            ])
            .args([
                "--certificate-identity",
                PERSON,
                "--certificate-oidc-issuer",
            ])
            .arg(instance.url("oidc"))
            .arg("--trusted-root")
            .arg(instance.kit("trusted_root.json"))
            .arg("--bundle")
            .args([&bundle, &file]);
        command
    };
    run(&mut check("slsaprovenance1")).unwrap();
    std::fs::write(&file, "another artifact").unwrap();
    refuses(
        &mut check("slsaprovenance1"),
        &["digest", "match", "subject"],
    );
}

#[test]
fn it_refuses_another_identity_issuer_file_instance_and_a_tampered_proof() {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "cosign-refuse");
    let bundle = sign(&cosign, instance, &file);

    let mut other_identity = verify_of_anybody(&cosign, instance, &bundle);
    other_identity.args([
        "--certificate-identity",
        "other@example.com",
        "--certificate-oidc-issuer",
    ]);
    refuses(
        other_identity.arg(instance.url("oidc")).arg(&file),
        &["identit"],
    );

    let mut other_issuer = verify_of_anybody(&cosign, instance, &bundle);
    other_issuer.args([
        "--certificate-identity",
        PERSON,
        "--certificate-oidc-issuer",
    ]);
    refuses(
        other_issuer.arg("https://issuer.example.com").arg(&file),
        &["issuer", "identit"],
    );

    let changed = artifact(instance.work(), "cosign-changed");
    refuses(
        verify(&cosign, instance, &bundle).arg(&changed),
        &["signature", "digest"],
    );

    let tampered = beside(&file, "tampered.json");
    tamper(&bundle, &tampered);
    refuses(
        verify(&cosign, instance, &tampered).arg(&file),
        &["proof", "inclusion", "root", "checkpoint"],
    );

    let other = Instance::create("stranger", &[]).unwrap();
    let mut foreign = Command::new(&cosign);
    foreign.args([
        "verify-blob",
        "--use-signed-timestamps",
        "--certificate-identity",
        PERSON,
    ]);
    foreign
        .arg("--certificate-oidc-issuer")
        .arg(instance.url("oidc"));
    foreign
        .arg("--trusted-root")
        .arg(other.kit("trusted_root.json"));
    refuses(
        foreign.arg("--bundle").arg(&bundle).arg(&file),
        &["certificate", "trusted", "log", "timestamp"],
    );
}

/// Turns over one bit of the first hash of the inclusion proof, or of the root if the tree is one leaf.
pub(crate) fn tamper(bundle: &Path, to: &Path) {
    let mut json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(bundle).unwrap()).unwrap();
    let proof = &mut json["verificationMaterial"]["tlogEntries"][0]["inclusionProof"];
    let hash = match proof["hashes"].as_array() {
        Some(hashes) if !hashes.is_empty() => &mut proof["hashes"][0],
        _ => &mut proof["rootHash"],
    };
    let text = hash.as_str().unwrap();
    let first = if text.starts_with('A') { 'B' } else { 'A' };
    *hash = format!("{first}{}", &text[1..]).into();
    std::fs::write(to, serde_json::to_vec(&json).unwrap()).unwrap();
}

/// Signs a file as the person of the stories, and gives the bundle.
pub(crate) fn sign(cosign: &Path, instance: &Instance, file: &Path) -> PathBuf {
    let bundle = beside(file, "sigstore.json");
    let mut command = by_kit::sign(cosign, instance, &bundle).unwrap();
    run(command.arg(file)).unwrap();
    bundle
}

/// A SLSA provenance v1 predicate.
const PROVENANCE: &str = r#"{
  "buildDefinition": {
    "buildType": "https://example.com/build/v1",
    "externalParameters": {"ref": "refs/heads/main"},
    "internalParameters": {},
    "resolvedDependencies": []
  },
  "runDetails": {
    "builder": {"id": "https://example.com/builder"},
    "metadata": {"invocationId": "https://example.com/run/1"}
  }
}"#;
