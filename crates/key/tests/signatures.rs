//! Every algorithm over signatures that the other half of the library makes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P521_SHA256_ASN1_SIGNING, ECDSA_P521_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, KeyPair as _,
};
use ed25519_dalek::{Digest as _, Sha512, SigningKey};
use futures::executor::block_on;
use sigstead_key::{Algorithm, Error, HashAlgorithm, PublicKey};

const MESSAGE: &[u8] = b"what is signed";

/// A key of the algorithm, and its signature over the message.
fn signed(algorithm: Algorithm) -> (PublicKey, Vec<u8>) {
    if algorithm == Algorithm::Ed25519Ph {
        return signed_prehashed();
    }
    let signer = sigstead_signer::ephemeral(algorithm).unwrap();
    let signature = block_on(signer.sign(MESSAGE)).unwrap();
    (signer.public_key().clone(), signature)
}

fn signed_prehashed() -> (PublicKey, Vec<u8>) {
    let secret = SigningKey::from_bytes(&[9; 32]);
    let hash = Sha512::new_with_prefix(MESSAGE);
    let signature = secret.sign_prehashed(hash, None).unwrap();
    // RFC 8410 §4.
    let mut spki = hex::decode("302a300506032b6570032100").unwrap();
    spki.extend(secret.verifying_key().to_bytes());
    let key = PublicKey::from_spki_der(&spki).unwrap();
    (key, signature.to_bytes().to_vec())
}

#[test]
fn every_algorithm_verifies_its_own_signature_and_no_other_message() {
    for algorithm in Algorithm::ALL {
        let (key, signature) = signed(algorithm);
        key.verify_as(algorithm, MESSAGE, &signature).unwrap();
        let other = key.verify_as(algorithm, b"what is not", &signature);
        assert_eq!(other, Err(Error::SignatureInvalid), "{algorithm:?}");
        let empty = key.verify_as(algorithm, MESSAGE, &[]);
        assert_eq!(empty, Err(Error::SignatureInvalid), "{algorithm:?}");
        let mut changed = signature;
        *changed.last_mut().unwrap() ^= 1;
        let changed = key.verify_as(algorithm, MESSAGE, &changed);
        assert_eq!(changed, Err(Error::SignatureInvalid), "{algorithm:?}");
    }
}

#[test]
fn the_default_algorithm_of_a_key_is_the_one_it_was_made_for() {
    for algorithm in Algorithm::ALL {
        let (key, signature) = signed(algorithm);
        // A key does not say whether it signs digests; pure Ed25519 is the default.
        let is_prehashed = algorithm == Algorithm::Ed25519Ph;
        let default = if is_prehashed {
            Algorithm::Ed25519
        } else {
            algorithm
        };
        assert_eq!(key.algorithm(), default);
        assert_eq!(
            key.verify(MESSAGE, &signature).is_ok(),
            !is_prehashed,
            "{algorithm:?}"
        );
    }
}

#[test]
fn every_algorithm_but_pure_ed25519_verifies_by_the_digest() {
    for algorithm in Algorithm::ALL {
        let (key, signature) = signed(algorithm);
        let digest = algorithm.hash().digest(MESSAGE);
        let verified = key.verify_prehashed(algorithm, &digest, &signature);
        if algorithm == Algorithm::Ed25519 {
            let mismatch = Error::AlgorithmMismatch("PKIX_ED25519");
            assert_eq!(verified, Err(mismatch));
            continue;
        }
        assert_eq!(verified, Ok(()), "{algorithm:?}");
        let other = algorithm.hash().digest(b"what is not");
        let refused = key.verify_prehashed(algorithm, &other, &signature);
        assert_eq!(refused, Err(Error::SignatureInvalid), "{algorithm:?}");
    }
}

#[test]
fn a_digest_of_another_length_is_refused_before_it_is_used() {
    for algorithm in Algorithm::ALL {
        let (key, signature) = signed(algorithm);
        let expected = algorithm.hash().digest_length();
        for found in [0, 20, expected - 1, expected + 1] {
            assert_eq!(
                key.verify_prehashed(algorithm, &vec![0; found], &signature),
                Err(Error::DigestLength { found, expected }),
                "{algorithm:?}"
            );
        }
    }
}

#[test]
fn a_key_verifies_under_no_algorithm_of_another_kind_of_key() {
    let keys = Algorithm::ALL.map(|algorithm| (algorithm, signed(algorithm)));
    for (of_key, (key, signature)) in &keys {
        for named in Algorithm::ALL {
            let both_edwards = of_key.hash() == named.hash() && key.raw_ed25519().is_some();
            if named == *of_key || (both_edwards && named != Algorithm::EcdsaP521Sha512) {
                continue;
            }
            let mismatch = Err(Error::AlgorithmMismatch(named.key_details()));
            let digest = named.hash().digest(MESSAGE);
            assert_eq!(key.verify_as(named, MESSAGE, signature), mismatch);
            assert_eq!(key.verify_prehashed(named, &digest, signature), mismatch);
        }
    }
}

#[test]
fn pure_and_prehashed_edwards_signatures_do_not_stand_for_each_other() {
    let (pure_key, pure) = signed(Algorithm::Ed25519);
    let (prehashed_key, prehashed) = signed(Algorithm::Ed25519Ph);
    assert_eq!(
        pure_key.verify_as(Algorithm::Ed25519Ph, MESSAGE, &pure),
        Err(Error::SignatureInvalid)
    );
    assert_eq!(
        prehashed_key.verify_as(Algorithm::Ed25519, MESSAGE, &prehashed),
        Err(Error::SignatureInvalid)
    );
}

#[test]
fn an_rsa_signature_is_verified_with_the_hash_that_is_named_and_no_other() {
    let (key, signature) = signed(Algorithm::RsaPkcs1v15_2048Sha256);
    let with = |hash| key.verify_with_hash(hash, MESSAGE, &signature);
    assert_eq!(with(HashAlgorithm::Sha256), Ok(()));
    assert_eq!(with(HashAlgorithm::Sha384), Err(Error::SignatureInvalid));
    assert_eq!(with(HashAlgorithm::Sha512), Err(Error::SignatureInvalid));
}

#[test]
fn a_p521_signature_is_verified_with_shorter_hashes_too() {
    for (signing, hash) in [
        (&ECDSA_P521_SHA256_ASN1_SIGNING, HashAlgorithm::Sha256),
        (&ECDSA_P521_SHA384_ASN1_SIGNING, HashAlgorithm::Sha384),
        (&ECDSA_P521_SHA512_ASN1_SIGNING, HashAlgorithm::Sha512),
    ] {
        let pair = EcdsaKeyPair::generate(signing).unwrap();
        let signature = pair.sign(&SystemRandom::new(), MESSAGE).unwrap();
        let spki = pair.public_key().as_der().unwrap();
        let key = PublicKey::from_spki_der(spki.as_ref()).unwrap();
        for named in [
            HashAlgorithm::Sha256,
            HashAlgorithm::Sha384,
            HashAlgorithm::Sha512,
        ] {
            let verified = key.verify_with_hash(named, MESSAGE, signature.as_ref());
            assert_eq!(verified.is_ok(), named == hash, "{hash:?} as {named:?}");
        }
    }
}

#[test]
fn keys_of_every_kind_survive_der_and_pem() {
    for algorithm in Algorithm::ALL {
        let (key, _) = signed(algorithm);
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).unwrap(), key);
        assert_eq!(PublicKey::from_pem(&key.to_pem()).unwrap(), key);
        let one_line = key.to_pem().replacen('\n', " ", 100);
        assert_eq!(PublicKey::from_pem(one_line.trim()).unwrap(), key);
    }
}
