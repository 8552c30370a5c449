//! sigstore-rs signs through Rekor v1 and verifies, with the trust root that tough has from the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use sigstead_integration::{Instance, client, run, shared};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn what_it_signs_it_verifies_with_the_trust_root_of_the_repository() {
    let (Some(program), Some(tough)) = (client::sigstore_rs(), client::tough()) else {
        return;
    };
    let instance = shared();
    let root = trust_root(&tough, instance);
    let published = std::fs::read(&root).unwrap();
    let of_kit = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    assert_eq!(published, of_kit);

    let file = artifact(instance.work(), "sigstore-rs");
    let token = beside(&file, "token");
    std::fs::write(&token, instance.token(PERSON).unwrap()).unwrap();
    let mut sign = Command::new(&program);
    sign.arg("sign")
        .args([instance.url("ca"), instance.url("tlog")])
        .arg(&file)
        .arg(beside(&file, "sigstore.json"))
        .arg(&token)
        .arg(PERSON);
    run(&mut sign).unwrap();
    run(&mut verify(&program, instance, &root, &file, PERSON)).unwrap();
    refuses(
        &mut verify(&program, instance, &root, &file, "other@example.com"),
        &["policy", "san", "identity"],
    );
    std::fs::write(&file, "another artifact").unwrap();
    refuses(
        &mut verify(&program, instance, &root, &file, PERSON),
        &["signature"],
    );
}

/// A root that another signed begins no trust.
#[test]
fn tough_follows_no_repository_that_its_root_did_not_sign() {
    let Some(tough) = client::tough() else {
        return;
    };
    let instance = shared();
    let root = std::fs::read_to_string(instance.kit("root.json")).unwrap();
    let mut root: serde_json::Value = serde_json::from_str(&root).unwrap();
    root["signed"]["expires"] = "2099-01-01T00:00:00Z".into();
    let changed = instance.work().join("changed-root.json");
    std::fs::write(&changed, root.to_string()).unwrap();
    refuses(
        &mut follow(&tough, instance, &changed, &changed.with_extension("out")),
        &["signature", "verify"],
    );
}

/// `trusted_root.json` as the repository has it.
fn trust_root(tough: &Path, instance: &Instance) -> PathBuf {
    let file = instance.work().join("tough-trusted_root.json");
    run(&mut follow(
        tough,
        instance,
        &instance.kit("root.json"),
        &file,
    ))
    .unwrap();
    file
}

fn follow(tough: &Path, instance: &Instance, root: &Path, file: &Path) -> Command {
    let mut command = Command::new(tough);
    command.arg(root).arg(instance.url("tuf"));
    command.arg("trusted_root.json").arg(file);
    command
}

fn verify(
    program: &Path,
    instance: &Instance,
    root: &Path,
    file: &Path,
    identity: &str,
) -> Command {
    let mut command = Command::new(program);
    command.arg("verify").arg(root).arg(file);
    command.arg(beside(file, "sigstore.json"));
    command.arg(identity).arg(instance.url("oidc"));
    command
}
