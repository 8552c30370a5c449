//! Chains that other programs made, as operators bring them.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::path::Path;
use std::process::Command;

use sigstead_ca::{Error, IssuerChain};
use sigstead_test_support::Need;

const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
const KEYS: &str = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
const SIGNING: &str = "extendedKeyUsage=codeSigning\n";

/// One authority: its key, the hash that signs its certificate, and its extensions.
struct Made<'a> {
    key: &'a str,
    hash: &'a str,
    extensions: String,
}

fn made<'a>(key: &'a str, hash: &'a str, extensions: &[&str]) -> Made<'a> {
    Made {
        key,
        hash,
        extensions: extensions.concat(),
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments}: {told}");
}

/// The chain of authorities, which are given from the root down.
fn chain(authorities: &[Made<'_>]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut pem = String::new();
    for (index, made) in authorities.iter().enumerate() {
        let folder = folder.path();
        fs::write(folder.join("extensions"), &made.extensions).unwrap();
        let key = match made.key {
            "RSA" => "RSA -pkeyopt rsa_keygen_bits:2048".to_owned(),
            curve => format!("EC -pkeyopt ec_paramgen_curve:{curve}"),
        };
        openssl(
            folder,
            &format!("genpkey -algorithm {key} -out {index}.key"),
        );
        openssl(
            folder,
            &format!("req -new -key {index}.key -subj /O=test/CN={index} -out csr"),
        );
        let signer = match index.checked_sub(1) {
            None => "-signkey 0.key".to_owned(),
            Some(above) => format!("-CA {above}.pem -CAkey {above}.key"),
        };
        let sign = format!(
            "x509 -req -in csr {signer} -days 30 -{} -set_serial {}",
            made.hash,
            index + 1
        );
        openssl(
            folder,
            &format!("{sign} -extfile extensions -out {index}.pem"),
        );
        let certificate = fs::read_to_string(folder.join(format!("{index}.pem"))).unwrap();
        pem = certificate + &pem;
    }
    pem
}

fn has_openssl() -> bool {
    let answers = Command::new("openssl").arg("version").output().is_ok();
    let need = Need {
        name: "openssl",
        remedy: "make packages clients",
    };
    need.check(answers).is_some()
}

#[test]
fn takes_what_verifiers_take() {
    if !has_openssl() {
        return;
    }
    let issuing = || made("P-256", "sha256", &[CA, KEYS, SIGNING]);
    for (name, above, is_mixed) in [
        (
            "a hash that is not the key's",
            vec![made("P-384", "sha256", &[CA, KEYS])],
            false,
        ),
        (
            "rsa with a long hash",
            vec![made("RSA", "sha512", &[CA, KEYS])],
            true,
        ),
        (
            "a middle authority that does not tell its purpose",
            vec![
                made("P-384", "sha384", &[CA, KEYS]),
                made("P-384", "sha384", &[CA, KEYS]),
            ],
            false,
        ),
    ] {
        let mut authorities = above;
        authorities.push(issuing());
        let parsed = IssuerChain::parse(&chain(&authorities));
        let parsed = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(parsed.is_mixed(), is_mixed, "{name}");
        assert_eq!(parsed.certificates().len(), authorities.len(), "{name}");
    }
}

#[test]
fn refuses_what_verifiers_refuse_and_says_why() {
    if !has_openssl() {
        return;
    }
    let root = || made("P-256", "sha256", &[CA, KEYS]);
    let issuing = || made("P-256", "sha256", &[CA, KEYS, SIGNING]);
    let short = CA.replace("CA:TRUE", "CA:TRUE,pathlen:0");
    let usage = "keyUsage=critical,cRLSign\nbasicConstraints=critical,CA:TRUE\n";
    for (authorities, position, reason) in [
        (
            vec![root(), made("P-256", "sha256", &[&short, KEYS]), issuing()],
            2,
            "allows fewer authorities",
        ),
        (
            vec![
                root(),
                made(
                    "P-256",
                    "sha256",
                    &[CA, KEYS, "extendedKeyUsage=timeStamping\n"],
                ),
                issuing(),
            ],
            2,
            "has an extended key usage without code signing",
        ),
        (
            vec![
                root(),
                made(
                    "P-256",
                    "sha256",
                    &[CA, "subjectKeyIdentifier=none\n", SIGNING],
                ),
            ],
            1,
            "has no subject key identifier",
        ),
        (
            vec![root(), made("P-256", "sha256", &[CA, KEYS])],
            1,
            "is not for code signing",
        ),
        (
            vec![made(
                "P-256",
                "sha256",
                &[CA, KEYS, "extendedKeyUsage=timeStamping\n"],
            )],
            1,
            "has an extended key usage without code signing",
        ),
        (
            vec![made("P-256", "sha256", &[usage, KEYS]), issuing()],
            2,
            "may not issue certificates",
        ),
    ] {
        let Err(Error::ChainRefused {
            position: found,
            reason: told,
        }) = IssuerChain::parse(&chain(&authorities)).map(drop)
        else {
            panic!("{reason}")
        };
        assert_eq!(
            (found, told.starts_with(reason)),
            (position, true),
            "{told}"
        );
    }
}
