//! What the service finds out before it serves.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use std::path::Path;

use sigstead_ca::{Error, IssuerChain};
use sigstead_config::ca::{Config, CtLogConfig};
use sigstead_key::Algorithm;
use sigstead_kit::Listeners;
use sigstead_signer::{KeyConfig, PrivateKey};
use sigstead_x509::{CaKind, CaProfile, Name, SerialNumber, Validity};
use world::{Authorities, now};

#[tokio::test]
async fn takes_a_chain_from_the_signing_key_up_to_the_root() {
    for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::EcdsaP384Sha384] {
        let authorities = Authorities::new(algorithm).await;
        let chain = IssuerChain::parse(&authorities.chain_pem()).unwrap();
        assert_eq!(chain.certificates().len(), 2);
        chain
            .check_key(authorities.intermediate_key.public_key())
            .unwrap();
    }
    let authorities = Authorities::new(Algorithm::EcdsaP256Sha256).await;
    assert!(
        IssuerChain::parse(&authorities.root.to_pem()).is_ok(),
        "a root may sign by itself"
    );
}

#[tokio::test]
async fn refuses_chains_that_clients_would_refuse() {
    let good = Authorities::new(Algorithm::EcdsaP256Sha256).await;
    let other = Authorities::new(Algorithm::EcdsaP256Sha256).await;
    let timestamping = Authorities::of_kind(Algorithm::EcdsaP256Sha256, CaKind::TimeStamping).await;
    let (intermediate, root) = (good.intermediate.to_pem(), good.root.to_pem());
    for (name, pem, position, reason) in [
        (
            "order",
            format!("{root}{intermediate}"),
            1,
            "is not signed by the next",
        ),
        (
            "no root",
            intermediate.clone(),
            1,
            "is the last and not self-signed",
        ),
        (
            "foreign root",
            format!("{intermediate}{}", other.root.to_pem()),
            1,
            "is not signed by the next",
        ),
        (
            "root twice over",
            format!("{intermediate}{root}{}", other.root.to_pem()),
            2,
            "is not signed by the next",
        ),
        (
            "purpose",
            timestamping.chain_pem(),
            1,
            "is not for code signing",
        ),
    ] {
        let Err(Error::ChainRefused {
            position: found,
            reason: why,
        }) = IssuerChain::parse(&pem).map(drop)
        else {
            panic!("{name}")
        };
        assert_eq!(found, position, "{name}: {why}");
        assert!(why.starts_with(reason), "{name}: {why}");
    }
    for pem in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(
            matches!(
                IssuerChain::parse(pem).map(drop),
                Err(Error::ChainMalformed(_))
            ),
            "{pem}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_not_the_chains_is_named_with_both_fingerprints() {
    let authorities = Authorities::new(Algorithm::EcdsaP256Sha256).await;
    let chain = IssuerChain::parse(&authorities.chain_pem()).unwrap();
    let other = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let text = chain.check_key(other.public_key()).unwrap_err().to_string();
    assert!(text.starts_with("E-CA-002: "), "{text}");
    assert!(
        text.contains(&chain.issuer().public_key().fingerprint()),
        "{text}"
    );
    assert!(text.contains(&other.public_key().fingerprint()), "{text}");
}

/// An instance's folder of the authority, with the key in a file.
struct Folder {
    root: tempfile::TempDir,
}

impl Folder {
    async fn new() -> Self {
        let folder = Self {
            root: tempfile::tempdir().unwrap(),
        };
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        let public_key = key.public_key().clone();
        folder.write("passphrase", "secret");
        folder.write("ca.key", &key.to_encrypted_pem(b"secret").unwrap());
        let signer = key.into_signer();
        let profile = CaProfile {
            subject: Name {
                organization: "Test".to_owned(),
                common_name: "root".to_owned(),
            },
            public_key,
            validity: Validity {
                not_before: now(),
                not_after: now() + time::Duration::days(36_500),
            },
            kind: CaKind::Root,
            serial: SerialNumber::from_random([7; 20]),
        };
        let unsigned = profile.self_signed().unwrap();
        let signature = signer.sign(unsigned.bytes_to_sign()).await.unwrap();
        folder.write(
            "chain.pem",
            &unsigned.sign_with(signature).unwrap().to_pem(),
        );
        let log = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        folder.write("ct.pem", &log.public_key().to_pem());
        folder.write(
            "issuers.yaml",
            "oidc-issuers:\n  http://localhost:1:\n    client-id: sigstore\n    type: email\n",
        );
        folder
    }

    fn write(&self, name: &str, content: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.root.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn config(&self) -> Config {
        let path = |name: &str| self.root.path().join(name);
        let key = KeyConfig::file(path("ca.key"), Some(path("passphrase")));
        let ct_log = CtLogConfig::new("http://localhost:2".parse().unwrap(), path("ct.pem"));
        let mut config = Config::new(
            Listeners::for_test(),
            key,
            path("chain.pem"),
            path("issuers.yaml"),
            ct_log,
        );
        config.record.path = path("record");
        config.successors_file = Some(path("successors.yaml"));
        config
    }
}

#[tokio::test]
async fn builds_with_issuer_and_log_out_of_reach() {
    let folder = Folder::new().await;
    let service = sigstead_ca::build(folder.config()).await.unwrap();
    assert!(service.into_public_router().is_ok());
}

#[tokio::test]
async fn a_template_that_cannot_be_followed_ends_the_start() {
    let folder = Folder::new().await;
    folder.write(
        "issuers.yaml",
        "oidc-issuers:\n  https://ci.example: {client-id: sigstore, type: ci-provider, ci-provider: ci}\n\
         ci-issuer-metadata:\n  ci:\n    subject-alternative-name-template: '{{.url}}/{{range .}}{{end}}'\n",
    );
    let error = sigstead_ca::build(folder.config())
        .await
        .map(drop)
        .unwrap_err();
    let text = sigstead_kit::causes(&error);
    for part in [
        "E-CA-015",
        "provider ci of ci-issuer-metadata",
        "line 1, column 12: range",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// `sigstead-ca --check` as a process: its outcome and what it says.
fn check(folder: &Folder) -> (bool, String) {
    let text = serde_json::to_string(&folder.config()).unwrap();
    folder.write("config.yaml", &text);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sigstead-ca"))
        .arg("--check")
        .arg("--config")
        .arg(folder.root.path().join("config.yaml"))
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn the_check_reads_what_the_start_reads() {
    let folder = Folder::new().await;
    assert_eq!(check(&folder), (true, String::new()));
    for (file, content, expected) in [
        ("passphrase", "wrong", "E-CA-015"),
        ("ca.key", "nonsense", "E-CA-015"),
        ("chain.pem", "nonsense", "E-CA-003"),
        ("ct.pem", "nonsense", "E-CA-015"),
        ("issuers.yaml", "oidc-issuers: 7", "E-CA-015"),
        (
            "issuers.yaml",
            "oidc-issuers: {'https://a.example': {client-id: s, type: spiffe}}",
            "needs a spiffe-trust-domain",
        ),
        ("successors.yaml", "successors: 7", "E-CA-015"),
    ] {
        let folder = Folder::new().await;
        folder.write(file, content);
        let (passes, text) = check(&folder);
        assert!(!passes && text.contains(expected), "{file}: {text}");
    }
}

#[tokio::test]
async fn a_successor_must_be_able_to_issue_from_its_time_on() {
    let folder = Folder::new().await;
    let list = |from: &str, key: &str| {
        let path = |name: &str| folder.root.path().join(name).display().to_string();
        let text = format!(
            "successors:\n- from: {from}\n  key: {{uri: 'file:{}', passphrase_file: {}}}\n  chain: {}\n",
            path(key),
            path("passphrase"),
            path("chain.pem")
        );
        folder.write("successors.yaml", &text);
    };
    list("2100-01-01T00:00:00Z", "ca.key");
    assert_eq!(check(&folder), (true, String::new()));
    for (from, key, expected) in [
        (
            "2200-01-01T00:00:00Z",
            "ca.key",
            "cannot issue when it begins",
        ),
        ("2100-01-01T00:00:00Z", "none.key", "E-CA-015"),
        ("2100-01-01T00:00:00Z", "ct.pem", "E-CA-015"),
    ] {
        list(from, key);
        let (passes, text) = check(&folder);
        assert!(!passes && text.contains(expected), "{from} {key}: {text}");
    }
}

#[tokio::test]
async fn says_which_file_cannot_be_used() {
    for (file, content, expected) in [
        (
            "ca.key",
            "nonsense",
            "E-CA-015: the signing key cannot be opened",
        ),
        (
            "chain.pem",
            "nonsense",
            "E-CA-003: the chain cannot be read",
        ),
        ("ct.pem", "nonsense", "is not the public key of a ct log"),
        (
            "issuers.yaml",
            "oidc-issuers: 7",
            "E-CA-015: the issuers cannot be taken",
        ),
        (
            "issuers.yaml",
            "oidc-issuers: {'http://a.example': {type: email}}",
            "E-CA-015: the issuers cannot be taken",
        ),
    ] {
        let folder = Folder::new().await;
        folder.write(file, content);
        let error = sigstead_ca::build(folder.config())
            .await
            .map(drop)
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{file}: {error}");
    }
    let folder = Folder::new().await;
    let log = sigstead_signer::ephemeral(Algorithm::Ed25519).unwrap();
    folder.write("ct.pem", &log.public_key().to_pem());
    let error = sigstead_ca::build(folder.config())
        .await
        .map(drop)
        .unwrap_err();
    assert!(
        error.to_string().contains("is no key for a ct log"),
        "{error}"
    );
    let mut config = folder.config();
    config.chain = Path::new("/nonexistent/chain.pem").to_owned();
    let error = sigstead_ca::build(config).await.map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "E-CA-015: cannot read /nonexistent/chain.pem"
    );
}
