//! All keys of an instance in a transit engine, of an emulation of Vault that says what it is not.

use sigstead_integration::{Instance, KEYS, KeyPlace as _, KeyServer, run, wait_for};
use sigstead_test_support::vault::Manner;

use super::{
    away_and_back, clients_sign_and_verify, holds_at_least, is_in_no_log, readiness_follows,
};
use crate::refuses;

#[test]
fn a_server_has_all_keys_and_may_be_sealed_for_a_while() {
    let site = KeyServer::new().unwrap();
    let instance = Instance::create("vault", &[]).unwrap();
    site.take_all_keys(&instance).unwrap();
    site.write_token(&site.services_token()).unwrap();
    instance.up().unwrap();
    clients_sign_and_verify(&instance);
    run(instance.sigctl().arg("doctor").arg(instance.directory())).unwrap();

    // Sealed and opened, silent and back; signatures of another key do not leave; and the token of the services is replaced.
    let seal = || site.vault.behave(Manner::Sealed);
    let open = || site.vault.behave(Manner::Well);
    let taken = away_and_back(&instance, seal, open);
    readiness_follows(&instance, seal, open);
    holds_at_least(&instance, taken);
    let lie = || site.vault.behave(Manner::Wrong);
    let taken = taken + away_and_back(&instance, lie, open);
    let revoke = || site.vault.revoke(&site.token().unwrap());
    let replace = || site.write_token(&site.services_token()).unwrap();
    let taken = taken + away_and_back(&instance, revoke, replace);
    holds_at_least(&instance, taken);

    // What is done to the keys in the server changes nothing of what signs.
    for (_, key, _) in KEYS {
        site.vault.rotate(key);
    }
    clients_sign_and_verify(&instance);
    instance.down().unwrap();
    instance.up().unwrap();
    clients_sign_and_verify(&instance);
    run(instance
        .sigctl()
        .args(["log", "check"])
        .arg(instance.directory()))
    .unwrap();
    let renewals = || {
        let calls = site.vault.calls();
        calls
            .get("auth/token/renew-self")
            .copied()
            .unwrap_or_default()
    };
    let before = renewals();
    wait_for("a renewal", || renewals() > before).unwrap();
    is_in_no_log(&instance, &site.token().unwrap());
}

/// The next keys are made in the server too, and only where they are said to be.
#[test]
fn a_key_of_a_server_is_followed_by_one_that_is_made_there() {
    let site = KeyServer::new().unwrap();
    let instance = Instance::create("followed", &[]).unwrap();
    site.take_all_keys(&instance).unwrap();
    site.write_token(&site.services_token()).unwrap();
    instance.up().unwrap();
    clients_sign_and_verify(&instance);
    let rotate = |role: &str, verb: &str, arguments: &[&str]| {
        let mut command = instance.sigctl();
        command.args(["--output", "json", "rotate", role, verb]);
        command.arg(instance.directory()).args(arguments);
        command
    };
    let start = |role: &str, uri: &str| {
        let mut command = rotate(role, "start", &SOON);
        command.args(["--key-uri", uri, "--address", &site.vault.address()]);
        command.arg("--token-file").arg(site.file());
        command
    };
    for role in ["tsa", "oidc"] {
        refuses(&mut rotate(role, "start", &SOON), &["e-key-026"]);
        refuses(&mut start(role, "vault:transit/new"), &["e-key-021"]);
        let own = format!("vault:transit/{role}?version=1");
        refuses(&mut start(role, &own), &["e-key-027"]);
        run(&mut rotate(role, "undo", &[])).unwrap();
        let next = format!("vault:transit/{role}-next?version=1");
        run(&mut start(role, &next)).unwrap();
    }
    refuses(
        &mut start("admin", "vault:transit/x?version=1"),
        &["e-key-020"],
    );
    for role in ["tsa", "oidc"] {
        wait_for("the end of the rotation", || {
            let resumed = rotate(role, "resume", &[]).output().unwrap();
            resumed.status.success()
        })
        .unwrap();
        let successors = instance.directory().join(role).join("successors.yaml");
        let successors = std::fs::read_to_string(successors).unwrap();
        assert!(successors.contains("vault:transit/"), "{successors}");
        let files = std::fs::read_dir(instance.directory().join(role).join("keys")).unwrap();
        assert_eq!(files.count(), 0, "{role} has a key in a file");
    }
    clients_sign_and_verify(&instance);
    assert!(site.vault.calls()["transit/sign/tsa-next"] > 1);
    assert!(site.vault.calls()["transit/sign/oidc-next"] > 1);
}

#[test]
fn a_key_is_made_in_a_server_and_probed() {
    let site = KeyServer::new().unwrap();
    let nobody = Instance::create("nobody", &[]).unwrap();
    let key = |verb: &str| site.sigctl(&nobody, verb);
    let uri = "vault:transit/tsa?version=1";
    run(key("create").arg(uri)).unwrap();
    run(key("probe").arg(uri).args(["--role", "tsa"])).unwrap();
    refuses(key("create").arg(uri), &["e-key-022"]);
    refuses(
        key("create").arg("vault:transit/new?version=2"),
        &["e-key-021"],
    );
    refuses(key("create").arg("vault:transit/new"), &["e-key-021"]);
    refuses(
        key("probe").arg("vault:transit/new?version=1"),
        &["e-key-035"],
    );
    refuses(
        key("probe").arg(uri).args(["--role", "oidc"]),
        &["e-key-024"],
    );
    site.vault.rotate("tsa");
    run(key("probe").arg(uri)).unwrap();
    site.write_token("hvs.nobody").unwrap();
    refuses(key("probe").arg(uri), &["e-key-033"]);
}

const SOON: [&str; 5] = ["--in", "5s", "--drain", "1s", "--accept-short-times"];
