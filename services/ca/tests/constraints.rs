//! An authority that another one lets certify some identities only.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use http::StatusCode;
use serde_json::{Value, json};
use sigstead_ca::{Error, IssuerChain};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::KeyConfig;
use sigstead_test_support::Need;
use world::holder::Holder;
use world::{Answer, Setup, TestCa, TestIssuer};

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {told}");
}

fn has_openssl() -> bool {
    let need = Need {
        name: "openssl",
        remedy: "make packages clients",
    };
    let answers = Command::new("openssl").arg("version").output().is_ok();
    need.check(answers).is_some()
}

/// A root, and an authority below it with these constraints; its key is in `ca.key`.
fn chain_pem(folder: &Path, constraints: &str) -> String {
    let authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n\
                     subjectKeyIdentifier=hash\nextendedKeyUsage=codeSigning\n";
    fs::write(
        folder.join("extensions"),
        format!("{authority}{constraints}"),
    )
    .unwrap();
    let curve = "ec_paramgen_curve:P-256";
    for name in ["root", "ca"] {
        let key = format!("{name}.key");
        openssl(
            folder,
            &[
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                curve,
                "-out",
                &key,
            ],
        );
    }
    let root = [
        "req",
        "-x509",
        "-key",
        "root.key",
        "-subj",
        "/O=test/CN=root",
        "-days",
        "30",
        "-addext",
        "keyUsage=critical,keyCertSign",
    ];
    openssl(folder, &[&root[..], &["-out", "root.pem"]].concat());
    let request = [
        "req",
        "-new",
        "-key",
        "ca.key",
        "-subj",
        "/O=test/CN=ca",
        "-out",
        "csr",
    ];
    openssl(folder, &request);
    let sign = [
        "x509", "-req", "-in", "csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "20",
    ];
    openssl(
        folder,
        &[&sign[..], &["-extfile", "extensions", "-out", "ca.pem"]].concat(),
    );
    let read = |name| fs::read_to_string(folder.join(name)).unwrap();
    read("ca.pem") + &read("root.pem")
}

async fn constrained(constraints: &str) -> TestCa {
    let folder = tempfile::tempdir().unwrap();
    let chain = IssuerChain::parse(&chain_pem(folder.path(), constraints)).unwrap();
    let key = folder.path().join("ca.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let key = KeyConfig::file(key, None);
    let signer = sigstead_signer::open(&key).await.unwrap();
    let ca = TestCa::with(Setup {
        chain: Some((chain, signer)),
        ..Setup::default()
    })
    .await;
    ca.clock.set(SystemClock.now());
    ca
}

async fn ask(ca: &TestCa, email: &str) -> Answer {
    let mut claims = TestIssuer::claims();
    let now = ca.clock.now().unix_timestamp();
    for (claim, value) in [
        ("email", json!(email)),
        ("iat", json!(now)),
        ("exp", json!(now + 60)),
    ] {
        claims[claim] = value;
    }
    let token = ca.issuer.token_of(&claims).await;
    let request: Value = Holder::p256().request(email).await;
    ca.post("/api/v2/signingCert", Some(&token), &request).await
}

#[tokio::test]
async fn an_identity_outside_of_the_chains_constraints_is_refused_and_leaves_no_record() {
    if !has_openssl() {
        return;
    }
    let ca = constrained("nameConstraints=critical,permitted;email:example.com\n").await;
    let answer = ask(&ca, "mallory@elsewhere.example").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-037"));
    assert_eq!(answer.json()["code"], 7, "PERMISSION_DENIED");
    assert!(ca.record.states().is_empty());
    // The same request is good for a name within.
    let certificate = ask(&ca, "alice@example.com").await.chain().remove(0);
    assert_eq!(
        certificate.identities().unwrap()[0].value(),
        "alice@example.com"
    );
}

#[tokio::test]
async fn an_identity_that_the_chain_excludes_is_refused() {
    if !has_openssl() {
        return;
    }
    let ca = constrained("nameConstraints=critical,excluded;email:.example.com\n").await;
    let answer = ask(&ca, "alice@dev.example.com").await;
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-037"));
    ask(&ca, "alice@example.com").await.chain();
}

#[test]
fn a_chain_whose_constraints_cannot_be_read_does_not_start() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pem = chain_pem(folder.path(), "2.5.29.30=critical,DER:300101\n");
    let refused = IssuerChain::parse(&pem).map(drop);
    assert!(
        matches!(refused, Err(Error::ChainRefused { position: 1, reason }) if reason.contains("name constraints")),
        "{refused:?}"
    );
}
