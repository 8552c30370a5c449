//! Signatures of every algorithm over a fixed message: a malformed one is refused, and the right one alone is accepted
//! where signatures cannot be varied.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::parts;
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};

fuzz_target!(|data: &[u8]| {
    let [spki, message, signature, ..] = parts(data)[..] else {
        return;
    };
    let Ok(key) = PublicKey::from_spki_der(spki) else {
        return;
    };
    let is_valid = key.verify(message, signature).is_ok();
    for algorithm in Algorithm::ALL {
        let verified = key.verify_as(algorithm, message, signature).is_ok();
        if algorithm == key.algorithm() {
            assert_eq!(verified, is_valid);
        }
        let digest = algorithm.hash().digest(message);
        let prehashed = key.verify_prehashed(algorithm, &digest, signature).is_ok();
        if algorithm != Algorithm::Ed25519 {
            assert_eq!(verified, prehashed);
        }
        // Whatever stands for a digest is refused or compared, never misread.
        let _ = key.verify_prehashed(algorithm, message, signature);
    }
    for hash in [
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ] {
        let _ = key.verify_with_hash(hash, message, signature);
    }
    if is_valid {
        assert!(key.verify(&[message, b"!"].concat(), signature).is_err());
        assert!(key.verify(message, &[signature, b"!"].concat()).is_err());
    }
});
