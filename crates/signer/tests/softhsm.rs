//! Keys in a token: `SoftHSM2`, a token in software, by the interface that all tokens have.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "a folder is moved away and back, and nothing of it has to survive a power cut"
)]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use sigstead_key::Algorithm;
use sigstead_signer::{Error, KeyConfig, PrivateKey, Signer, conformance};
use sigstead_test_support::Need;

#[test]
fn keys_of_a_token_conform() {
    in_a_token("keys_of_a_token_conform", async |token| {
        for (number, algorithm) in ALGORITHMS.into_iter().enumerate() {
            let (label, id) = (format!("key {number}"), format!("0{number}"));
            let key = token.key(&label, &id, algorithm);
            let uri = format!("pkcs11:token=site;object=key%20{number}");
            for uri in [uri, format!("pkcs11:id=%0{number}")] {
                let signer = sigstead_signer::open(&token.config(&uri)).await.unwrap();
                assert_eq!(signer.public_key(), key.public_key(), "{uri}");
                conformance::run(signer.as_ref()).await;
            }
        }
    });
}

#[test]
fn a_token_makes_keys_and_takes_those_that_were_made_elsewhere() {
    in_a_token(
        "a_token_makes_keys_and_takes_those_that_were_made_elsewhere",
        async |token| {
            for (number, algorithm) in ALGORITHMS.into_iter().enumerate() {
                let made = token.config(&format!("pkcs11:token=site;object=made-{number}"));
                let KeyConfig::Pkcs11(place) = &made else {
                    unreachable!()
                };
                sigstead_signer::create_in_token(place, algorithm)
                    .await
                    .unwrap();
                let signer = sigstead_signer::open(&made).await.unwrap();
                assert_eq!(signer.algorithm(), algorithm);
                conformance::run(signer.as_ref()).await;

                let key = PrivateKey::generate(algorithm).unwrap();
                let put = token.config(&format!("pkcs11:object=put-{number};id=%F{number}"));
                let KeyConfig::Pkcs11(place) = &put else {
                    unreachable!()
                };
                sigstead_signer::import_into_token(place, &key)
                    .await
                    .unwrap();
                let signer = sigstead_signer::open(&put).await.unwrap();
                assert_eq!(signer.public_key(), key.public_key());
                conformance::run(signer.as_ref()).await;
            }
        },
    );
}

#[test]
fn refuses_what_is_not_there_or_there_twice() {
    in_a_token("refuses_what_is_not_there_or_there_twice", async |token| {
        token.key("ca", "01", Algorithm::EcdsaP256Sha256);
        token.key("ca", "02", Algorithm::EcdsaP256Sha256);
        for (uri, code) in [
            ("pkcs11:token=other;id=%01", "E-KEY-003"),
            ("pkcs11:serial=0;id=%01", "E-KEY-003"),
            ("pkcs11:object=ca;id=%03", "E-KEY-005"),
            ("pkcs11:object=ca", "E-KEY-006"),
        ] {
            let refused = sigstead_signer::open(&token.config(uri))
                .await
                .err()
                .unwrap();
            assert!(refused.to_string().starts_with(code), "{uri}: {refused}");
        }
        sigstead_signer::open(&token.config("pkcs11:object=ca;id=%02"))
            .await
            .unwrap();
    });
}

#[test]
fn a_wrong_pin_is_shown_once_and_told_nowhere() {
    in_a_token(
        "a_wrong_pin_is_shown_once_and_told_nowhere",
        async |token| {
            token.key("ca", "01", Algorithm::EcdsaP256Sha256);
            let config = token.config("pkcs11:object=ca");
            write_private(&token.path("pin"), "wrong-pin");
            for _ in 0..3 {
                let refused = sigstead_signer::open(&config).await.err().unwrap();
                assert!(matches!(refused, Error::PinRefused(_)), "{refused}");
                assert!(!format!("{refused} {refused:?} {config:?}").contains("wrong-pin"));
            }
            std::fs::remove_file(token.path("pin")).unwrap();
            let refused = sigstead_signer::open(&config).await.err().unwrap();
            assert!(matches!(refused, Error::Read { .. }), "{refused}");
            write_private(&token.path("pin"), PIN);
            sigstead_signer::open(&config).await.unwrap();
        },
    );
}

#[test]
fn a_token_that_was_away_signs_again_by_itself() {
    in_a_token(
        "a_token_that_was_away_signs_again_by_itself",
        async |token| {
            let key = token.key("ca", "01", Algorithm::EcdsaP256Sha256);
            let signer = sigstead_signer::open(&token.config("pkcs11:object=ca"))
                .await
                .unwrap();
            for _ in 0..2 {
                std::fs::rename(token.tokens(), token.path("away")).unwrap();
                std::fs::create_dir(token.tokens()).unwrap();
                let away = until(&signer, |signed| signed.is_err()).await;
                assert!(away.unwrap_err().may_pass());
                std::fs::remove_dir_all(token.tokens()).unwrap();
                std::fs::rename(token.path("away"), token.tokens()).unwrap();
                let back = until(&signer, |signed| signed.is_ok()).await;
                key.public_key().verify(MESSAGE, &back.unwrap()).unwrap();
            }
        },
    );
}

#[test]
fn another_key_in_the_place_of_one_signs_nothing() {
    in_a_token(
        "another_key_in_the_place_of_one_signs_nothing",
        async |token| {
            token.key("ca", "01", Algorithm::EcdsaP256Sha256);
            let signer = sigstead_signer::open(&token.config("pkcs11:object=ca"))
                .await
                .unwrap();
            std::fs::remove_dir_all(token.tokens()).unwrap();
            std::fs::create_dir(token.tokens()).unwrap();
            token.initialise();
            token.key("ca", "01", Algorithm::EcdsaP256Sha256);
            let wrong = |signed: &Result<Vec<u8>, Error>| {
                assert!(signed.is_err(), "a wrong signature left");
                matches!(signed, Err(Error::SignatureWrong { .. }))
            };
            until(&signer, wrong).await.unwrap_err();
        },
    );
}

#[test]
fn many_sign_at_once() {
    in_a_token("many_sign_at_once", async |token| {
        let key = |label, id| token.key(label, id, Algorithm::EcdsaP256Sha256);
        let keys = [key("a", "01"), key("b", "02")];
        let mut signing = Vec::new();
        for label in ["a", "b"] {
            let config = token.config(&format!("pkcs11:object={label}"));
            let signer = sigstead_signer::open(&config).await.unwrap();
            for _ in 0..50 {
                let signer = Arc::clone(&signer);
                signing.push(tokio::spawn(async move { signer.sign(MESSAGE).await }));
            }
        }
        for (at, signed) in signing.into_iter().enumerate() {
            let key = &keys[at / 50];
            key.public_key()
                .verify(MESSAGE, &signed.await.unwrap().unwrap())
                .unwrap();
        }
    });
}

/// Signs again and again until the answer is as wanted.
async fn until(
    signer: &Arc<dyn Signer>,
    is_wanted: impl Fn(&Result<Vec<u8>, Error>) -> bool,
) -> Result<Vec<u8>, Error> {
    loop {
        let signed = signer.sign(MESSAGE).await;
        if is_wanted(&signed) {
            return signed;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A folder with one token. The library reads where it is from the environment, so that each has a process of its own.
struct Token {
    folder: PathBuf,
}

/// Runs what a test of this file does, in a process whose environment names a new token.
fn in_a_token(test: &str, run: impl AsyncFnOnce(Token)) {
    if let Some(folder) = std::env::var_os(CHILD) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = folder.into();
        return runtime.block_on(run(Token { folder }));
    }
    let need = Need {
        name: "softhsm2",
        remedy: "make packages",
    };
    if need.check(Path::new(MODULE).exists()).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let token = Token {
        folder: folder.path().to_owned(),
    };
    token.begin();
    let ran = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, folder.path())
        .env("SOFTHSM2_CONF", token.path("softhsm2.conf"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}: {said}", ran.status);
    assert!(!said.contains(PIN), "the PIN is told");
}

impl Token {
    fn begin(&self) {
        std::fs::create_dir(self.tokens()).unwrap();
        let tokens = self.tokens();
        let config = format!("directories.tokendir = {}\n", tokens.display());
        std::fs::write(self.path("softhsm2.conf"), config).unwrap();
        write_private(&self.path("pin"), &format!("{PIN}\n"));
        self.initialise();
    }

    fn initialise(&self) {
        self.util(&[
            "--init-token",
            "--free",
            "--label",
            "site",
            "--so-pin",
            "so-pin",
        ]);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn tokens(&self) -> PathBuf {
        self.path("tokens")
    }

    fn util(&self, arguments: &[&str]) {
        let ran = Command::new("softhsm2-util")
            .args(arguments)
            .args(["--pin", PIN])
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }

    /// Puts a new key into the token.
    fn key(&self, label: &str, id: &str, algorithm: Algorithm) -> PrivateKey {
        let key = PrivateKey::generate(algorithm).unwrap();
        let file = self.path("key.pem");
        write_private(&file, &key.to_pem().unwrap());
        let file = file.display().to_string();
        self.util(&[
            "--import", &file, "--token", "site", "--label", label, "--id", id,
        ]);
        key
    }

    fn config(&self, uri: &str) -> KeyConfig {
        let pin_file = self.path("pin");
        let value = serde_json::json!({"uri": uri, "module": MODULE, "pin_file": pin_file});
        serde_json::from_value(value).unwrap()
    }
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EcdsaP521Sha512,
    Algorithm::Ed25519,
    Algorithm::RsaPkcs1v15_2048Sha256,
    Algorithm::RsaPkcs1v15_3072Sha256,
];
const MESSAGE: &[u8] = b"message";
const CHILD: &str = "SIGSTEAD_TEST_TOKEN";
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "pin-of-the-token";
