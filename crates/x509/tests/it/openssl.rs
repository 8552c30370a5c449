//! The `openssl` program as a second reader of what is made here. Skipped, visibly, where it is not installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_test_support::Need;
use sigstead_x509::{CaKind, Certificate, CertificateRequest, Error};

use crate::world::{Authority, email, issuer, now, sign};

struct OpenSsl(tempfile::TempDir);

impl OpenSsl {
    /// None where the program is missing.
    fn find() -> Option<Self> {
        let answers = Command::new("openssl").arg("version").output().is_ok();
        let need = Need {
            name: "openssl",
            remedy: "make packages",
        };
        need.check(answers)?;
        Some(Self(tempfile::tempdir().unwrap()))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn openssl_verifies_the_chain_and_prints_the_identity() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    for algorithm in [
        Algorithm::EcdsaP256Sha256,
        Algorithm::EcdsaP384Sha384,
        Algorithm::Ed25519,
        Algorithm::RsaPkcs1v15_2048Sha256,
    ] {
        let root = Authority::root(algorithm);
        let ca = root.intermediate(algorithm, CaKind::CodeSigning);
        let leaf = ca.leaf();
        let root_path = openssl.write("root.pem", root.certificate.to_pem().as_bytes());
        let ca_path = openssl.write("ca.pem", ca.certificate.to_pem().as_bytes());
        let leaf_path = openssl.write("leaf.pem", leaf.to_pem().as_bytes());
        let at = now().unix_timestamp().to_string();
        let (is_ok, said) = openssl.run(&[
            "verify",
            "-x509_strict",
            "-attime",
            &at,
            "-CAfile",
            text(&root_path),
            "-untrusted",
            text(&ca_path),
            text(&leaf_path),
        ]);
        assert!(is_ok, "{algorithm:?}: {said}");
        let (_, said) = openssl.run(&["x509", "-in", text(&leaf_path), "-noout", "-text"]);
        for expected in [
            "X509v3 Subject Alternative Name: critical",
            "email:alice@example.com",
            "X509v3 Key Usage: critical",
            "Code Signing",
            "1.3.6.1.4.1.57264.1.1",
            "Version: 3",
        ] {
            assert!(said.contains(expected), "{expected} is not in {said}");
        }
    }
}

#[test]
fn openssl_reads_poison_and_scts() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    let ca = Authority::root(Algorithm::EcdsaP256Sha256);
    let to_sign = ca.tbs(email(), issuer()).to_sign_precertificate().unwrap();
    let signature = block_on(ca.signer.sign(to_sign.bytes_to_sign())).unwrap();
    let precertificate = to_sign.sign_with(signature).unwrap();
    let path = openssl.write("pre.der", precertificate.to_der());
    let (_, said) = openssl.run(&[
        "x509",
        "-inform",
        "DER",
        "-in",
        text(&path),
        "-noout",
        "-text",
    ]);
    assert!(
        said.contains("CT Precertificate Poison: critical"),
        "{said}"
    );

    let leaf = sign(
        precertificate.with_scts(&sct_list()).unwrap(),
        ca.signer.as_ref(),
    );
    let path = openssl.write("leaf.pem", leaf.to_pem().as_bytes());
    let (_, said) = openssl.run(&["x509", "-in", text(&path), "-noout", "-text"]);
    for expected in [
        "CT Precertificate SCTs",
        "Version   : v1",
        "Signature : ecdsa-with-SHA256",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
}

/// One SCT whose signature is of nothing: it is only printed.
fn sct_list() -> Vec<u8> {
    let mut sct = vec![0];
    sct.extend([7; 32]);
    sct.extend(1_700_000_000_000_u64.to_be_bytes());
    sct.extend([0, 0, 4, 3, 0, 8, 0x30, 6, 2, 1, 1, 2, 1, 1]);
    let length = u16::try_from(sct.len()).unwrap();
    [
        (length + 2).to_be_bytes().to_vec(),
        length.to_be_bytes().to_vec(),
        sct,
    ]
    .concat()
}

#[test]
fn reads_requests_and_certificates_that_openssl_makes() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    for parameters in [
        &[
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-sha256",
        ][..],
        &[
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-384",
            "-sha384",
        ],
        &["-newkey", "ed25519"],
        &["-newkey", "rsa:2048", "-sha256"],
    ] {
        let common = [
            "req",
            "-nodes",
            "-keyout",
            "key.pem",
            "-subj",
            "/O=example/CN=a",
            "-out",
        ];
        let (is_ok, said) = openssl.run(&[&common[..], &["csr.pem"], parameters].concat());
        assert!(is_ok, "{said}");
        let bytes = std::fs::read(openssl.0.path().join("csr.pem")).unwrap();
        CertificateRequest::from_pem_or_der(&bytes)
            .unwrap()
            .verify()
            .unwrap();

        let (is_ok, said) = openssl.run(&[&common[..], &["crt.pem", "-x509"], parameters].concat());
        assert!(is_ok, "{said}");
        let pem = std::fs::read_to_string(openssl.0.path().join("crt.pem")).unwrap();
        let certificate = Certificate::from_pem(&pem).unwrap();
        certificate.verify_signed_by(&certificate).unwrap();
        assert_eq!(certificate.to_pem(), pem);
        assert_eq!(certificate.subject_name().organization, "example");
    }
}

#[test]
fn reads_chains_that_are_signed_with_any_hash() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    for (key, is_pss) in [
        ("ec_paramgen_curve:P-256", false),
        ("ec_paramgen_curve:P-384", false),
        ("ec_paramgen_curve:P-521", false),
        ("rsa_keygen_bits:2048", false),
        ("rsa_keygen_bits:2048", true),
    ] {
        openssl.generate_keys(key);
        for hash in ["-sha256", "-sha384", "-sha512"] {
            let case = format!("{key} {hash} {is_pss}");
            let (root, leaf) = openssl.chain(hash, is_pss);
            assert!(root.verify_signed_by(&root).is_ok(), "{case}");
            assert!(leaf.verify_signed_by(&root).is_ok(), "{case}");
        }
        let (root, _) = openssl.chain("-sha1", is_pss);
        let refused = root.verify_signed_by(&root);
        assert!(matches!(refused, Err(Error::AlgorithmMismatch)), "{key}");
    }
}

impl OpenSsl {
    /// The keys of a root and of a leaf.
    fn generate_keys(&self, option: &str) {
        let kind = if option.starts_with("rsa") {
            "RSA"
        } else {
            "EC"
        };
        for name in ["root.key", "leaf.key"] {
            let common = [
                "genpkey",
                "-algorithm",
                kind,
                "-pkeyopt",
                option,
                "-out",
                name,
            ];
            let (is_ok, said) = self.run(&common);
            assert!(is_ok, "{option}: {said}");
        }
    }

    /// A certificate that signed itself, and one that it issued.
    fn chain(&self, hash: &str, is_pss: bool) -> (Certificate, Certificate) {
        let mut common = vec!["req", "-x509", hash];
        if is_pss {
            common.extend(["-sigopt", "rsa_padding_mode:pss"]);
            common.extend(["-sigopt", "rsa_pss_saltlen:digest"]);
        }
        let root = ["-key", "root.key", "-out", "root.pem", "-subj", "/CN=root"];
        let leaf = ["-key", "leaf.key", "-out", "leaf.pem", "-subj", "/CN=leaf"];
        let issuer = ["-CA", "root.pem", "-CAkey", "root.key"];
        for arguments in [&root[..], &[&leaf[..], &issuer].concat()] {
            let (is_ok, said) = self.run(&[&common[..], arguments].concat());
            assert!(is_ok, "{hash}: {said}");
        }
        let read = |name: &str| {
            let pem = std::fs::read_to_string(self.0.path().join(name)).unwrap();
            Certificate::from_pem(&pem).unwrap()
        };
        (read("root.pem"), read("leaf.pem"))
    }
}
