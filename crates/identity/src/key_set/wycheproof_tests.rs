//! The vectors of project Wycheproof for every algorithm that tokens are signed with. Their keys go through the key set
//! of an issuer, and their signatures are of the form that RFC 7518 gives to each algorithm.

use serde_json::{Value, json};
use wycheproof::TestResult;
use wycheproof::ecdsa::TestName as Ecdsa;
use wycheproof::eddsa::TestName as Eddsa;
use wycheproof::rsa_pkcs1_verify::TestName as RsaPkcs1;
use wycheproof::rsa_pss_verify::TestName as RsaPss;

use super::*;
use crate::testing::encode;

/// How many signatures of a file were judged.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    valid: usize,
    invalid: usize,
}

impl Tally {
    /// What is only acceptable is refused, as is what is invalid.
    fn judge(&mut self, case: &str, stated: TestResult, found: &Result<(), Error>) {
        if stated == TestResult::Valid {
            self.valid += 1;
            assert!(found.is_ok(), "{case}");
        } else {
            self.invalid += 1;
            assert!(matches!(found, Err(Error::SignatureInvalid)), "{case}");
        }
    }
}

/// The set of an issuer with this one key, if it is not left out.
fn set(jwk: Value) -> Option<KeySet> {
    KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes(), None).ok()
}

fn verify(set: &KeySet, algorithm: &str, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    check(&set.fitting(Some("k"), algorithm)?, message, signature)
}

#[test]
fn ecdsa() {
    for (name, algorithm, curve, bytes) in [
        (Ecdsa::EcdsaSecp256r1Sha256P1363, "ES256", "P-256", 32),
        (Ecdsa::EcdsaSecp384r1Sha384P1363, "ES384", "P-384", 48),
        (Ecdsa::EcdsaSecp521r1Sha512P1363, "ES512", "P-521", 66),
    ] {
        let mut tally = Tally::default();
        for group in wycheproof::ecdsa::TestSet::load(name).unwrap().test_groups {
            // The point is the end of the key, uncompressed.
            let der: &[u8] = &group.der;
            let (x, y) = der[der.len() - 2 * bytes..].split_at(bytes);
            let jwk =
                json!({"kty": "EC", "crv": curve, "kid": "k", "x": encode(x), "y": encode(y)});
            let set = set(jwk).unwrap();
            for test in group.tests {
                let found = verify(&set, algorithm, &test.msg, &test.sig);
                tally.judge(&format!("{algorithm} {}", test.tc_id), test.result, &found);
            }
        }
        assert!(
            tally.valid > 50 && tally.invalid > 50,
            "{algorithm} {tally:?}"
        );
    }
}

#[test]
fn eddsa() {
    let mut tally = Tally::default();
    let file = wycheproof::eddsa::TestSet::load(Eddsa::Ed25519).unwrap();
    for group in file.test_groups {
        let der: &[u8] = &group.der;
        let x = encode(&der[der.len() - 32..]);
        let set = set(json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x})).unwrap();
        for test in group.tests {
            let found = verify(&set, "EdDSA", &test.msg, &test.sig);
            tally.judge(&format!("EdDSA {}", test.tc_id), test.result, &found);
        }
    }
    assert!(tally.valid > 50 && tally.invalid > 50, "{tally:?}");
}

#[test]
fn rsa_pkcs1() {
    for (name, algorithm) in [
        (RsaPkcs1::Rsa2048Sha256, "RS256"),
        (RsaPkcs1::Rsa3072Sha256, "RS256"),
        (RsaPkcs1::Rsa4096Sha256, "RS256"),
        (RsaPkcs1::Rsa2048Sha384, "RS384"),
        (RsaPkcs1::Rsa3072Sha384, "RS384"),
        (RsaPkcs1::Rsa4096Sha384, "RS384"),
        (RsaPkcs1::Rsa2048Sha512, "RS512"),
        (RsaPkcs1::Rsa3072Sha512, "RS512"),
        (RsaPkcs1::Rsa4096Sha512, "RS512"),
    ] {
        let mut tally = Tally::default();
        let file = wycheproof::rsa_pkcs1_verify::TestSet::load(name).unwrap();
        for group in file.test_groups {
            let (n, e) = components(&group.asn_key);
            // Keys of exponent 3 are left out of a set, before any of their signatures.
            let Some(set) = set(rsa(n, e)) else {
                assert_eq!(e, [3], "{name:?}");
                continue;
            };
            for test in group.tests {
                let found = verify(&set, algorithm, &test.msg, &test.sig);
                tally.judge(&format!("{name:?} {}", test.tc_id), test.result, &found);
            }
        }
        assert!(tally.valid > 5 && tally.invalid > 200, "{name:?} {tally:?}");
    }
}

#[test]
fn rsa_pss() {
    for (name, algorithm) in [
        (RsaPss::RsaPss2048Sha256Mgf1SaltLen32, "PS256"),
        (RsaPss::RsaPss3072Sha256Mgf1SaltLen32, "PS256"),
        (RsaPss::RsaPss4096Sha256Mgf1SaltLen32, "PS256"),
        (RsaPss::RsaPss2048Sha384Mgf1SaltLen48, "PS384"),
        (RsaPss::RsaPss4096Sha384Mgf1SaltLen48, "PS384"),
        (RsaPss::RsaPss4096Sha512Mgf1SaltLen64, "PS512"),
    ] {
        let mut tally = Tally::default();
        let file = wycheproof::rsa_pss_verify::TestSet::load(name).unwrap();
        for group in file.test_groups {
            let (n, e) = components(&group.asn_key);
            let set = set(rsa(n, e)).unwrap();
            for test in group.tests {
                let found = verify(&set, algorithm, &test.msg, &test.sig);
                tally.judge(&format!("{name:?} {}", test.tc_id), test.result, &found);
            }
        }
        assert!(tally.valid > 10 && tally.invalid > 10, "{name:?} {tally:?}");
    }
}

/// RFC 7518 §3.5: the salt is as long as the hash. One of another length is another signature, however sound.
#[test]
fn rsa_pss_with_another_salt() {
    for name in [
        RsaPss::RsaPss2048Sha256Mgf1SaltLen0,
        RsaPss::RsaPss2048Sha256Mgf1Sha1_20,
    ] {
        let file = wycheproof::rsa_pss_verify::TestSet::load(name).unwrap();
        let mut refused = 0;
        for group in file.test_groups {
            let (n, e) = components(&group.asn_key);
            let set = set(rsa(n, e)).unwrap();
            for test in group.tests {
                if test.result == TestResult::Valid {
                    let found = verify(&set, "PS256", &test.msg, &test.sig);
                    assert!(matches!(found, Err(Error::SignatureInvalid)), "{name:?}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 10, "{name:?}");
    }
}

fn rsa(n: &[u8], e: &[u8]) -> Value {
    json!({"kty": "RSA", "kid": "k", "n": encode(n), "e": encode(e)})
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 §A.1.1), without leading zeros.
fn components(der: &[u8]) -> (&[u8], &[u8]) {
    let (inner, _) = element(der);
    let (n, rest) = element(inner);
    let (e, _) = element(rest);
    (
        n.strip_prefix(&[0]).unwrap_or(n),
        e.strip_prefix(&[0]).unwrap_or(e),
    )
}

/// The content of the first element, and what follows it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, header) = match der[1] {
        short @ 0..=0x7f => (usize::from(short), 2),
        0x81 => (usize::from(der[2]), 3),
        _ => (usize::from(der[2]) << 8 | usize::from(der[3]), 4),
    };
    der[header..].split_at(length)
}
