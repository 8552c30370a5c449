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

#[test]
fn keys_that_openssl_made_are_read_in_all_its_forms() {
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
    let file = folder.path().join("key.pem");
    let made = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        let (verb, rest) = arguments.split_first().unwrap();
        command.arg(verb).arg("-out").arg(&file).args(rest);
        let ran = command.output().unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        std::fs::read_to_string(&file).unwrap()
    };
    let curve = "ec_paramgen_curve:P-384";
    for (arguments, opening) in [
        (
            vec!["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
            "EC PRIVATE KEY",
        ),
        (vec!["genrsa", "-traditional", "2048"], "RSA PRIVATE KEY"),
        (
            vec!["genpkey", "-algorithm", "ec", "-pkeyopt", curve],
            "PRIVATE KEY",
        ),
        (
            vec![
                "genpkey",
                "-algorithm",
                "ed25519",
                "-aes256",
                "-pass",
                "pass:right",
            ],
            "ENCRYPTED PRIVATE KEY",
        ),
    ] {
        let pem = made(&arguments);
        assert!(
            pem.starts_with(&format!("-----BEGIN {opening}-----")),
            "{pem}"
        );
        let passphrase = opening
            .starts_with("ENCRYPTED")
            .then_some(b"right".as_slice());
        let key = PrivateKey::from_any_pem(&pem, passphrase).unwrap();
        let passphrase_file = folder.path().join("passphrase");
        std::fs::write(&passphrase_file, "right\n").unwrap();
        let public = open(&file, &passphrase_file).stdout;
        assert_eq!(
            String::from_utf8(public).unwrap(),
            key.public_key().to_pem()
        );
        if passphrase.is_some() {
            assert!(PrivateKey::from_any_pem(&pem, Some(b"wrong")).is_err());
            assert!(PrivateKey::from_any_pem(&pem, None).is_err());
        }
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
