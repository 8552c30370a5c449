//! The vectors of project Wycheproof, for every algorithm that certificates, entries and timestamps are verified with.
//!
//! Each valid signature must be taken and each invalid one refused. What the project leaves to the reader is listed here
//! with the verdict.

use sigstead_key::{Error, HashAlgorithm, PublicKey, SignatureAlgorithm};
use wycheproof::TestResult;
use wycheproof::ecdsa::TestName as Ecdsa;
use wycheproof::eddsa::TestName as Eddsa;
use wycheproof::rsa_pkcs1_verify::TestName as RsaPkcs1;
use wycheproof::rsa_pss_verify::TestName as RsaPss;

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
const SHA384: HashAlgorithm = HashAlgorithm::Sha384;
const SHA512: HashAlgorithm = HashAlgorithm::Sha512;

/// What was seen of one file.
#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
    acceptable: Vec<usize>,
}

impl Tally {
    /// Judges a signature whose number is `id` within its file.
    fn judge(&mut self, case: &str, id: usize, stated: TestResult, found: &Result<(), Error>) {
        match stated {
            TestResult::Valid => {
                self.valid += 1;
                assert_eq!(*found, Ok(()), "{case} {id}");
            }
            TestResult::Invalid => {
                self.invalid += 1;
                assert!(found.is_err(), "{case} {id}");
            }
            // Number 8 of each RSA file: the name of the hash without its NULL, which RFC 8017 lets readers take.
            TestResult::Acceptable => {
                self.acceptable.push(id);
                assert!(found.is_err(), "{case} {id}");
            }
        }
    }
}

#[test]
fn ecdsa_over_each_curve_and_hash() {
    for (name, hash) in [
        (Ecdsa::EcdsaSecp256r1Sha256, SHA256),
        (Ecdsa::EcdsaSecp256r1Sha512, SHA512),
        (Ecdsa::EcdsaSecp384r1Sha256, SHA256),
        (Ecdsa::EcdsaSecp384r1Sha384, SHA384),
        (Ecdsa::EcdsaSecp384r1Sha512, SHA512),
        (Ecdsa::EcdsaSecp521r1Sha512, SHA512),
    ] {
        let mut tally = Tally::default();
        for group in wycheproof::ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let by_hash = key.verify_with_hash(hash, &test.msg, &test.sig);
                let stated = SignatureAlgorithm::Ecdsa(hash);
                assert_eq!(
                    by_hash,
                    key.verify_signed_with(stated, &test.msg, &test.sig)
                );
                tally.judge(&format!("{name:?}"), test.tc_id, test.result, &by_hash);
                if hash == key.algorithm().hash() {
                    let digest = hash.digest(&test.msg);
                    let by_digest = key.verify_prehashed(key.algorithm(), &digest, &test.sig);
                    assert_eq!(by_digest, by_hash, "{name:?} {}", test.tc_id);
                }
            }
        }
        assert!(tally.valid > 100 && tally.invalid > 100, "{name:?}");
        assert_eq!(tally.acceptable, [0; 0], "{name:?}");
    }
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    for group in wycheproof::eddsa::TestSet::load(Eddsa::Ed25519)
        .unwrap()
        .test_groups
    {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        for test in group.tests {
            let found = key.verify(&test.msg, &test.sig);
            tally.judge("ed25519", test.tc_id, test.result, &found);
        }
    }
    assert!(tally.valid > 50 && tally.invalid > 50);
    assert_eq!(tally.acceptable, [0; 0]);
}

#[test]
fn rsa_pkcs1_of_each_size_and_hash() {
    // With how many keys of exponent 3 a file has; they are refused before any of their signatures.
    for (name, hash, expected_weak) in [
        (RsaPkcs1::Rsa2048Sha256, SHA256, 2),
        (RsaPkcs1::Rsa2048Sha384, SHA384, 0),
        (RsaPkcs1::Rsa2048Sha512, SHA512, 1),
        (RsaPkcs1::Rsa3072Sha256, SHA256, 1),
        (RsaPkcs1::Rsa3072Sha384, SHA384, 0),
        (RsaPkcs1::Rsa3072Sha512, SHA512, 1),
        (RsaPkcs1::Rsa4096Sha256, SHA256, 0),
        (RsaPkcs1::Rsa4096Sha384, SHA384, 0),
        (RsaPkcs1::Rsa4096Sha512, SHA512, 0),
    ] {
        let mut tally = Tally::default();
        let set = wycheproof::rsa_pkcs1_verify::TestSet::load(name).unwrap();
        let mut weak = 0;
        for group in set.test_groups {
            let key = match PublicKey::from_spki_der(&group.der) {
                Ok(key) => key,
                Err(Error::Weak("its exponent")) => {
                    weak += 1;
                    continue;
                }
                Err(other) => panic!("{name:?}: {other:?}"),
            };
            for test in group.tests {
                let stated = SignatureAlgorithm::RsaPkcs1v15(hash);
                let found = key.verify_signed_with(stated, &test.msg, &test.sig);
                tally.judge(&format!("{name:?}"), test.tc_id, test.result, &found);
            }
        }
        assert_eq!(weak, expected_weak, "{name:?}");
        assert!(tally.valid > 5 && tally.invalid > 200, "{name:?}");
        assert_eq!(tally.acceptable, [8], "{name:?}");
    }
}

#[test]
fn rsa_pss_with_a_salt_as_long_as_the_hash() {
    for (name, hash) in [
        (RsaPss::RsaPss2048Sha256Mgf1SaltLen32, SHA256),
        (RsaPss::RsaPss2048Sha384Mgf1SaltLen48, SHA384),
        (RsaPss::RsaPss3072Sha256Mgf1SaltLen32, SHA256),
        (RsaPss::RsaPss4096Sha256Mgf1SaltLen32, SHA256),
        (RsaPss::RsaPss4096Sha384Mgf1SaltLen48, SHA384),
        (RsaPss::RsaPss4096Sha512Mgf1SaltLen64, SHA512),
    ] {
        let mut tally = Tally::default();
        let set = wycheproof::rsa_pss_verify::TestSet::load(name).unwrap();
        for group in set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let stated = SignatureAlgorithm::RsaPss(hash);
                let found = key.verify_signed_with(stated, &test.msg, &test.sig);
                tally.judge(&format!("{name:?}"), test.tc_id, test.result, &found);
            }
        }
        assert!(tally.valid > 10 && tally.invalid > 10, "{name:?}");
        assert_eq!(tally.acceptable, [0; 0], "{name:?}");
    }
}

#[test]
fn rsa_pss_with_another_salt_is_refused() {
    for (name, hash) in [
        (RsaPss::RsaPss2048Sha256Mgf1SaltLen0, SHA256),
        (RsaPss::RsaPss2048Sha256Mgf1Sha1_20, SHA256),
        (RsaPss::RsaPss4096Sha512Mgf1SaltLen32, SHA512),
    ] {
        let set = wycheproof::rsa_pss_verify::TestSet::load(name).unwrap();
        let mut refused = 0;
        for group in set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let stated = SignatureAlgorithm::RsaPss(hash);
                // What is invalid for the file's salt may be right for ours.
                if test.result == TestResult::Valid {
                    let found = key.verify_signed_with(stated, &test.msg, &test.sig);
                    let expected = Err(Error::SignatureInvalid);
                    assert_eq!(found, expected, "{name:?} {}", test.tc_id);
                    refused += 1;
                }
            }
        }
        assert!(refused > 10, "{name:?}");
    }
}
