//! Keys in a transit engine, against an emulation of Vault and OpenBao that says what it is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sigstead_key::Algorithm;
use sigstead_signer::{
    Error, KeyConfig, PrivateKey, Signer, VaultKey, conformance, create_in_vault, import_into_vault,
};
use sigstead_test_support::vault::{Manner, TokenOptions, Vault};

#[tokio::test]
async fn keys_of_an_engine_conform() {
    let site = Site::new(Vault::start());
    for (number, algorithm) in ALGORITHMS.into_iter().enumerate() {
        let made = site.key(&format!("made-{number}"), 1);
        create_in_vault(&made, algorithm).await.unwrap();
        let signer = opened(&made).await;
        assert_eq!(signer.algorithm(), algorithm);
        conformance::run(signer.as_ref()).await;
    }
}

#[tokio::test]
async fn a_key_that_was_made_elsewhere_is_brought_in() {
    let site = Site::new(Vault::start());
    for (number, algorithm) in ALGORITHMS.into_iter().enumerate() {
        let key = PrivateKey::generate(algorithm).unwrap();
        let place = site.key(&format!("brought-{number}"), 1);
        import_into_vault(&place, &key).await.unwrap();
        let signer = opened(&place).await;
        assert_eq!(signer.public_key(), key.public_key());
        conformance::run(signer.as_ref()).await;

        let refused = import_into_vault(&place, &key).await.unwrap_err();
        assert!(matches!(refused, Error::VaultKeyThere(_)), "{refused}");
        let refused = create_in_vault(&place, algorithm).await.unwrap_err();
        assert!(matches!(refused, Error::VaultKeyThere(_)), "{refused}");
        assert_eq!(opened(&place).await.public_key(), key.public_key());
    }
}

#[tokio::test]
async fn a_rotation_in_the_server_changes_nothing_of_what_signs() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    let first = opened(&site.key("ca", 1)).await;
    site.vault.rotate("ca");
    conformance::run(first.as_ref()).await;
    let again = opened(&site.key("ca", 1)).await;
    assert_eq!(again.public_key(), first.public_key());
    let second = opened(&site.key("ca", 2)).await;
    assert_ne!(second.public_key(), first.public_key());
    conformance::run(second.as_ref()).await;

    site.vault.behave(Manner::Newest);
    let refused = first.sign(b"a").await.unwrap_err();
    assert!(matches!(refused, Error::SignatureMalformed), "{refused}");
    conformance::run(second.as_ref()).await;
}

#[tokio::test]
async fn refuses_what_is_not_there_and_what_does_not_sign() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    site.vault.make_key("box", "aes256-gcm96");
    let elsewhere = |uri: &str| site.with(json!({"uri": uri}));
    for (key, code, says) in [
        (site.key("none", 1), "E-KEY-035", "no key"),
        (site.key("ca", 2), "E-KEY-035", "it has the versions 1"),
        (
            elsewhere("vault:other/ca?version=1"),
            "E-KEY-035",
            "no handler",
        ),
        (site.key("box", 1), "E-KEY-036", "aes256-gcm96"),
    ] {
        let refused = refusal(&key).await;
        assert!(refused.starts_with(code), "{refused}");
        assert!(refused.contains(says), "{refused}");
    }
}

#[tokio::test]
async fn a_token_that_is_none_and_one_that_may_not_are_told_apart() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    let options = |paths: &[&str]| TokenOptions {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        ..TokenOptions::default()
    };
    let ca = site.key("ca", 1);
    for (token, code, says) in [
        ("hvs.unknown".to_owned(), "E-KEY-033", "token"),
        (String::new(), "E-KEY-039", "token"),
        ("two\nlines".to_owned(), "E-KEY-039", "token"),
        (
            site.vault.token(options(&["transit/sign/*"])),
            "E-KEY-034",
            "read of transit/keys/ca",
        ),
        (
            site.vault.token(options(&["transit/keys/*"])),
            "E-KEY-034",
            "update of transit/sign/ca",
        ),
    ] {
        site.write_token(&token);
        let refused = refusal(&ca).await;
        assert!(refused.starts_with(code), "{refused}");
        assert!(refused.contains(says), "{refused}");
        assert!(token.is_empty() || !refused.contains(&token), "{refused}");
    }
    site.write_token(
        &site
            .vault
            .token(options(&["transit/sign/ca", "transit/keys/ca"])),
    );
    conformance::run(opened(&ca).await.as_ref()).await;
    std::fs::set_permissions(site.path("token"), Permissions::from_mode(0o644)).unwrap();
    let refused = refusal(&ca).await;
    assert!(refused.contains("everybody can read it"), "{refused}");
}

#[tokio::test]
async fn a_new_token_in_the_file_is_taken_with_the_next_signature() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    let signer = opened(&site.key("ca", 1)).await;
    site.vault
        .revoke(&std::fs::read_to_string(site.path("token")).unwrap());
    let refused = signer.sign(b"a").await.unwrap_err();
    assert!(matches!(refused, Error::VaultTokenRefused(_)), "{refused}");
    assert!(refused.may_pass());
    site.write_token(&site.vault.token(TokenOptions::default()));
    conformance::run(signer.as_ref()).await;
}

#[tokio::test]
async fn a_token_is_kept_alive_while_its_key_is_open_and_no_longer() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    let options = |renewable| TokenOptions {
        ttl: Some(Duration::from_secs(2)),
        renewable,
        ..TokenOptions::default()
    };
    site.write_token(&site.vault.token(options(true)));
    let signer = opened(&site.key("ca", 1)).await;
    let renewals = || site.vault.calls().get("auth/token/renew-self").copied();
    until(|| renewals().unwrap_or_default() >= 3).await;
    conformance::run(signer.as_ref()).await;

    drop(signer);
    let other = site.vault.token(options(false));
    site.write_token(&other);
    let signer = opened(&site.key("ca", 1)).await;
    let before = renewals();
    let end = Instant::now();
    until(|| end.elapsed() > Duration::from_secs(2)).await;
    let refused = signer.sign(b"a").await.unwrap_err();
    assert!(matches!(refused, Error::VaultTokenRefused(_)), "{refused}");
    assert_eq!(
        renewals(),
        before,
        "the first key is closed, and the second token is not renewed"
    );
}

#[tokio::test]
async fn a_server_that_does_not_do_its_work_costs_a_request_and_no_more() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    let signer = opened(&site.key("ca", 1)).await;
    for (manner, code, may_pass) in [
        (Manner::Sealed, "E-KEY-031", true),
        (Manner::Standby, "E-KEY-031", true),
        (Manner::Page, "E-KEY-038", false),
        (Manner::Wrong, "E-KEY-001", false),
        (Manner::Silent, "E-KEY-032", true),
    ] {
        site.vault.behave(manner);
        let refused = signer.sign(b"a").await.unwrap_err();
        assert!(
            refused.to_string().starts_with(code),
            "{manner:?}: {refused}"
        );
        assert_eq!(refused.may_pass(), may_pass, "{manner:?}");
    }
    site.vault.behave(Manner::Well);
    conformance::run(signer.as_ref()).await;
}

#[tokio::test]
async fn a_server_that_is_away_is_found_again() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    let ca = site.key("ca", 1);
    let signer = opened(&ca).await;
    drop(site.vault);
    let refused = signer.sign(b"a").await.unwrap_err();
    assert!(matches!(refused, Error::VaultUnreached { .. }), "{refused}");
    assert!(refused.may_pass());
}

#[tokio::test]
async fn a_namespace_goes_with_every_call() {
    let site = Site::new(Vault::start());
    site.vault.make_key("ca", "ecdsa-p256");
    let namespace = "teams/one".to_owned();
    site.write_token(&site.vault.token(TokenOptions {
        namespace,
        ..TokenOptions::default()
    }));
    let refused = refusal(&site.key("ca", 1)).await;
    assert!(refused.starts_with("E-KEY-03"), "{refused}");
    let key = site.with(json!({"uri": "vault:transit/ca?version=1", "namespace": "teams/one"}));
    conformance::run(opened(&key).await.as_ref()).await;
}

#[tokio::test]
async fn the_server_is_certified_by_the_authorities_of_the_site_alone() {
    let kit = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../kit/testdata");
    let read = |name: &str| std::fs::read(kit.join(name)).unwrap();
    let vault = Vault::start_with_tls(&read("first.pem"), &read("first.key"));
    vault.make_key("ca", "ecdsa-p256");
    let site = Site::new(vault);
    let uri = "vault:transit/ca?version=1";
    let with = |authorities: &str| site.with(json!({"uri": uri, "ca_file": kit.join(authorities)}));
    conformance::run(opened(&with("ca.pem")).await.as_ref()).await;
    for (key, code) in [
        (with("admins.pem"), "E-KEY-030"),
        (site.key("ca", 1), "E-KEY-030"),
        (with("README.md"), "E-KEY-039"),
        (with("none.pem"), "E-KEY-039"),
    ] {
        let refused = refusal(&key).await;
        assert!(refused.starts_with(code), "{refused}");
    }
}

/// A server, and the files of a service that uses it.
struct Site {
    vault: Vault,
    folder: tempfile::TempDir,
}

impl Site {
    fn new(vault: Vault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Self { vault, folder };
        site.write_token(&site.vault.token(TokenOptions::default()));
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_token(&self, token: &str) {
        std::fs::write(self.path("token"), token).unwrap();
        std::fs::set_permissions(self.path("token"), Permissions::from_mode(0o600)).unwrap();
    }

    fn key(&self, name: &str, version: u32) -> VaultKey {
        self.with(json!({"uri": format!("vault:transit/{name}?version={version}")}))
    }

    fn with(&self, mut fields: Value) -> VaultKey {
        fields["address"] = json!(self.vault.address());
        fields["token_file"] = json!(self.path("token"));
        let KeyConfig::Vault(key) = serde_json::from_value(fields).unwrap() else {
            unreachable!()
        };
        key
    }
}

async fn opened(key: &VaultKey) -> Arc<dyn Signer> {
    let config = KeyConfig::Vault(key.clone());
    sigstead_signer::open(&config).await.unwrap()
}

async fn refusal(key: &VaultKey) -> String {
    let config = KeyConfig::Vault(key.clone());
    sigstead_signer::open(&config)
        .await
        .err()
        .unwrap()
        .to_string()
}

async fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "it did not come"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EcdsaP521Sha512,
    Algorithm::Ed25519,
    Algorithm::RsaPkcs1v15_2048Sha256,
];
