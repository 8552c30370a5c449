//! Keys of ML-DSA: read where they sign, and refused wherever they come from outside.

use futures::executor::block_on;
use sigstead_key::{Algorithm, Error, HashAlgorithm, PublicKey, SignatureAlgorithm};

const MESSAGE: &[u8] = b"what is signed";

#[test]
fn a_key_of_ml_dsa_is_read_by_its_signer_alone() {
    for algorithm in Algorithm::POST_QUANTUM {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let key = signer.public_key();
        assert_eq!(key.algorithm(), algorithm);
        let again = PublicKey::from_signer_spki_der(key.spki_der()).unwrap();
        assert_eq!(&again, key);
        for read in [
            PublicKey::from_spki_der(key.spki_der()),
            PublicKey::from_pem(&key.to_pem()),
            PublicKey::from_pem_or_der(key.spki_der()),
        ] {
            assert_eq!(read, Err(Error::Unsupported), "{algorithm:?}");
        }
        let short = &key.spki_der()[..key.spki_der().len() - 1];
        assert!(PublicKey::from_signer_spki_der(short).is_err());
        assert_eq!(Algorithm::from_key_details(algorithm.key_details()), None);
    }
}

#[test]
fn a_signature_of_ml_dsa_counts_for_its_message_and_key_alone() {
    for algorithm in Algorithm::POST_QUANTUM {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let key = signer.public_key();
        let signature = block_on(signer.sign(MESSAGE)).unwrap();
        key.verify(MESSAGE, &signature).unwrap();
        key.verify_as(algorithm, MESSAGE, &signature).unwrap();
        let mut changed = signature.clone();
        *changed.last_mut().unwrap() ^= 1;
        for (message, signature) in [
            (b"what is not".as_slice(), signature.as_slice()),
            (MESSAGE, &changed),
            (MESSAGE, &[]),
            (MESSAGE, &signature[1..]),
        ] {
            assert_eq!(key.verify(message, signature), Err(Error::SignatureInvalid));
        }
        let other = sigstead_signer::ephemeral(algorithm).unwrap();
        let by_other = other.public_key().verify(MESSAGE, &signature);
        assert_eq!(by_other, Err(Error::SignatureInvalid));
    }
}

/// No format names a digest for it, and none that states another algorithm is taken for one of its own.
#[test]
fn a_key_of_ml_dsa_is_taken_for_no_other() {
    for algorithm in Algorithm::POST_QUANTUM {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let key = signer.public_key();
        let signature = block_on(signer.sign(MESSAGE)).unwrap();
        let digest = HashAlgorithm::Sha512.digest(MESSAGE);
        let of_digest = block_on(signer.sign(&digest)).unwrap();
        let prehashed = key.verify_prehashed(algorithm, &digest, &of_digest);
        assert!(matches!(prehashed, Err(Error::AlgorithmMismatch(_))));
        assert_eq!(SignatureAlgorithm::of(algorithm), None);
        for stated in [
            SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha512),
            SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha512),
            SignatureAlgorithm::RsaPss(HashAlgorithm::Sha512),
            SignatureAlgorithm::Ed25519,
        ] {
            let verified = key.verify_signed_with(stated, MESSAGE, &signature);
            assert!(matches!(verified, Err(Error::AlgorithmMismatch(_))));
        }
        for other in Algorithm::ALL {
            assert!(key.verify_as(other, MESSAGE, &signature).is_err());
        }
    }
}
