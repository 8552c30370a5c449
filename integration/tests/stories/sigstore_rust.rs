//! sigstore-rust signs and verifies over both faces of the transparency log.

use std::path::Path;
use std::process::Command;

use sigstead_integration::{Instance, client, run, shared};

use crate::{PERSON, artifact, beside, cosign, refuses};

#[test]
fn what_it_signs_over_either_face_it_verifies() {
    let Some(program) = client::sigstore_rust() else {
        return;
    };
    let instance = shared();
    for rekor in ["2", "1"] {
        let file = artifact(instance.work(), &format!("rust-{rekor}"));
        let token = beside(&file, "token");
        std::fs::write(&token, instance.token(PERSON).unwrap()).unwrap();
        run(call(&program, "sign", instance, &file)
            .arg(token)
            .arg(rekor))
        .unwrap();
        run(&mut verify(&program, instance, &file, PERSON)).unwrap();
    }
}

#[test]
fn it_verifies_what_cosign_signed_and_refuses_what_it_must() {
    let (Some(program), Some(cosign)) = (client::sigstore_rust(), client::cosign()) else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "rust-cosign");
    let signed = cosign::sign(&cosign, instance, &file);
    assert_eq!(signed, beside(&file, "sigstore.json"));
    run(&mut verify(&program, instance, &file, PERSON)).unwrap();
    refuses(
        &mut verify(&program, instance, &file, "other@example.com"),
        &["identitymismatch"],
    );
    std::fs::write(&file, "another artifact").unwrap();
    refuses(
        &mut verify(&program, instance, &file, PERSON),
        &["digest", "hash", "signature"],
    );
}

fn verify(program: &Path, instance: &Instance, file: &Path, identity: &str) -> Command {
    let mut command = call(program, "verify", instance, file);
    command.arg(identity).arg(instance.url("oidc"));
    command
}

fn call(program: &Path, verb: &str, instance: &Instance, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(verb).arg(instance.kit("")).arg(file);
    command.arg(beside(file, "sigstore.json"));
    command
}
