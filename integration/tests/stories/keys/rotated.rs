//! Every key of an instance is in a server, and is followed by one that is made there.

use sigstead_integration::{Instance, KeyPlace as _, KeyServer, Rotated, run, wait_for};

use super::clients_sign_and_verify;
use super::from_init::has_no_sealed_key;
use crate::refuses;

#[test]
fn every_key_of_a_server_is_followed_by_one_that_is_made_there() {
    let site = KeyServer::new().unwrap();
    let mut place = Vec::new();
    for (field, value) in site.fields() {
        place.extend([format!("--{}", field.replace('_', "-")), value]);
    }
    let place: Vec<_> = place.iter().map(String::as_str).collect();
    let all = ["--key", "all=vault:transit/{role}?version=1"];
    let instance = Instance::create("followed", &[&all[..], &place].concat()).unwrap();
    wait_for("the start", || instance.up().is_ok()).unwrap();

    for (role, own) in ROLES {
        let rotated = Rotated(role);
        let to = |uri: &str| {
            let uri = format!("vault:transit/{uri}?version=1");
            rotated.command(
                &instance,
                "start",
                &[&SOON[..], &["--key-uri", &uri], &place].concat(),
            )
        };
        refuses(
            &mut rotated.command(&instance, "start", &SOON),
            &["e-key-026"],
        );
        // Its own key is known, and the rotation is taken back.
        refuses(&mut to(own), &["e-key-027"]);
        rotated.rotate(&instance, "undo", &[]);
        let next = match own.contains("{role}") {
            true => format!("{role}-next-{{role}}"),
            false => format!("{role}-next"),
        };
        let started = to(&next).output().unwrap();
        assert!(
            [Some(0), Some(6)].contains(&started.status.code()),
            "{role}: {started:?}"
        );
        assert_eq!(rotated.until_over(&instance)["phase"], "retired", "{role}");
    }
    has_no_sealed_key(&instance.directory());
    run(instance
        .sigctl()
        .args(["trust", "publish"])
        .arg(instance.directory()))
    .unwrap();
    clients_sign_and_verify(&instance);
    let calls = site.vault.calls();
    for (role, _) in ROLES {
        let own = format!("transit/sign/{role}-next");
        assert!(calls.keys().any(|path| path.starts_with(&own)), "{role}");
    }
    // The next keys are found after a restart too.
    instance.down().unwrap();
    wait_for("the start", || instance.up().is_ok()).unwrap();
    clients_sign_and_verify(&instance);
}

#[test]
fn two_keys_are_told_apart_and_one_has_one_name() {
    let instance = Instance::start("told-apart", &[]).unwrap();
    let refused = |role: &'static str, uri: &str, code: &str| {
        let arguments = [
            "--key-uri",
            uri,
            "--address",
            "https://vault",
            "--token-file",
            "a",
        ];
        let mut start = Rotated(role).command(&instance, "start", &arguments);
        refuses(&mut start, &[code]);
    };
    refused("tuf-online", "vault:transit/next?version=1", "e-key-021");
    refused("tuf-root", "vault:transit/{role}?version=1", "e-key-021");
    // The certificates of the admin interfaces have keys in files.
    refused("admin", "vault:transit/next?version=1", "e-key-020");
}

/// As they are typed, each with the name of its first key.
const ROLES: [(&str, &str); 10] = [
    ("tsa", "tsa"),
    ("oidc", "oidc"),
    ("ca-intermediate", "ca"),
    ("rekor-v2", "rekor-v2"),
    ("rekor-v1", "rekor-v1"),
    ("ct", "ctlog"),
    ("tuf-online", "tuf-{role}"),
    ("tuf-root", "tuf-root"),
    ("tuf-targets", "tuf-targets"),
    ("admin-ca", "admin-ca"),
];
const SOON: [&str; 5] = ["--in", "5s", "--drain", "1s", "--accept-short-times"];
