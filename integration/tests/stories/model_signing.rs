//! model-signing signs a folder that holds a model, and verifies it, with the client kit.

use std::path::{Path, PathBuf};
use std::process::Command;

use sigstead_integration::{Instance, client, run, shared};

use crate::{PERSON, refuses};

#[test]
fn a_model_is_signed_and_verified_and_a_changed_one_refused() {
    let Some(program) = client::model_signing() else {
        return;
    };
    let instance = shared();
    let model = model(instance.work());
    run(call(&program, "sign", instance, &model)
        .arg("--identity_token")
        .arg(instance.token(PERSON).unwrap()))
    .unwrap();
    run(&mut verify(&program, instance, &model, PERSON)).unwrap();
    refuses(
        &mut verify(&program, instance, &model, "other@example.com"),
        &["san", "identity"],
    );
    std::fs::write(model.join("weights.bin"), "other weights").unwrap();
    refuses(
        &mut verify(&program, instance, &model, PERSON),
        &["weights.bin", "mismatch", "hash"],
    );
}

fn model(work: &Path) -> PathBuf {
    let folder = work.join("model");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("weights.bin"), "weights").unwrap();
    std::fs::write(folder.join("config.json"), "{}").unwrap();
    folder
}

fn verify(program: &Path, instance: &Instance, model: &Path, identity: &str) -> Command {
    let mut command = call(program, "verify", instance, model);
    command
        .args(["--identity", identity, "--identity_provider"])
        .arg(instance.url("oidc"));
    command
}

fn call(program: &Path, verb: &str, instance: &Instance, model: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([verb, "sigstore"])
        .arg(model)
        .arg("--signature")
        .arg(model.with_extension("sig"))
        .arg("--trust_config")
        .arg(instance.kit("client_trust_config.json"));
    command
}
