//! What operators do with key files without any program of ours.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;
use sigstead_test_support::Need;

#[test]
fn openssl_opens_an_encrypted_key_with_the_passphrase_and_with_no_other() {
    let need = Need {
        name: "openssl",
        remedy: "make packages",
    };
    if need
        .check(Command::new("openssl").arg("version").output().is_ok())
        .is_none()
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, passphrase) = (
        folder.path().join("role.key"),
        folder.path().join("passphrase"),
    );
    for algorithm in [
        Algorithm::EcdsaP256Sha256,
        Algorithm::EcdsaP384Sha384,
        Algorithm::Ed25519,
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let pem = key.to_encrypted_pem(b"correct horse").unwrap();
        std::fs::write(&file, pem.as_bytes()).unwrap();

        std::fs::write(&passphrase, "correct horse\n").unwrap();
        let opened = open(&file, &passphrase);
        let printed = String::from_utf8_lossy(&opened.stderr);
        assert!(opened.status.success(), "{algorithm:?}: {printed}");
        let public = String::from_utf8(opened.stdout).unwrap();
        assert_eq!(public, key.public_key().to_pem(), "{algorithm:?}");

        std::fs::write(&passphrase, "another horse\n").unwrap();
        assert!(!open(&file, &passphrase).status.success(), "{algorithm:?}");
    }
}

/// With the limits that OpenSSL has by itself.
fn open(key: &Path, passphrase: &Path) -> Output {
    let mut argument = std::ffi::OsString::from("file:");
    argument.push(passphrase);
    Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(key)
        .arg("-passin")
        .arg(argument)
        .output()
        .unwrap()
}
