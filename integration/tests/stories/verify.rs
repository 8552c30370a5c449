//! `sigctl` verifies what others signed, with the trusted root alone, and names the check that fails.

use std::path::Path;
use std::process::Command;

use sigstead_integration::{Instance, client, run, shared, sigctl};

use crate::cosign::{self, tamper};
use crate::{PERSON, artifact, beside, refuses};

#[test]
fn it_accepts_what_cosign_signed() {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "verify-cosign");
    let bundle = cosign::sign(&cosign, instance, &file);
    run(&mut verify(instance, &file, &bundle, PERSON)).unwrap();
}

#[test]
fn it_refuses_and_names_the_check() {
    let instance = shared();
    let file = artifact(instance.work(), "verify-refuse");
    let bundle = beside(&file, "sigstore.json");
    run(sigctl()
        .arg("sign")
        .arg(instance.directory())
        .arg(&file)
        .arg("--bundle")
        .arg(&bundle)
        .args(["--identity", PERSON]))
    .unwrap();
    run(&mut verify(instance, &file, &bundle, PERSON)).unwrap();

    refuses(
        &mut verify(instance, &file, &bundle, "other@example.com"),
        &["e-verify"],
    );
    let other = artifact(instance.work(), "verify-other");
    refuses(
        &mut verify(instance, &other, &bundle, PERSON),
        &["e-verify"],
    );
    let tampered = beside(&file, "tampered.json");
    tamper(&bundle, &tampered);
    refuses(
        &mut verify(instance, &file, &tampered, PERSON),
        &["e-verify"],
    );
    let stranger = Instance::create("stranger", &[]).unwrap();
    let mut foreign = sigctl();
    foreign
        .arg("verify")
        .arg(&file)
        .arg("--bundle")
        .arg(&bundle)
        .arg("--trusted-root");
    foreign
        .arg(stranger.kit("trusted_root.json"))
        .args(["--identity", PERSON, "--issuer"]);
    refuses(foreign.arg(instance.url("oidc")), &["e-verify"]);
}

fn verify(instance: &Instance, file: &Path, bundle: &Path, identity: &str) -> Command {
    let mut command = sigctl();
    command
        .arg("verify")
        .arg(file)
        .arg("--bundle")
        .arg(bundle)
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .args(["--identity", identity, "--issuer", &instance.url("oidc")]);
    command
}
