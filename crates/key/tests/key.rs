//! Keys and signatures against published vectors, and against second implementations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ed25519_dalek::{SigningKey, ed25519::signature::Signer as _};
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use sigstead_key::{Algorithm, Error, HashAlgorithm, PublicKey, pem};

/// `SubjectPublicKeyInfo` of an Ed25519 key (RFC 8410 §4).
fn ed25519(raw: &str) -> PublicKey {
    let der = hex::decode(format!("302a300506032b6570032100{raw}")).unwrap();
    PublicKey::from_spki_der(&der).unwrap()
}

/// RFC 6979 §A.2.5.
fn p256_key() -> p256::ecdsa::VerifyingKey {
    let point = hex::decode(concat!(
        "04",
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    ));
    p256::ecdsa::VerifyingKey::from_sec1_bytes(&point.unwrap()).unwrap()
}

#[test]
fn verifies_the_p256_example_of_rfc_6979() {
    let raw = hex::decode(concat!(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    ));
    let signature = p256::ecdsa::Signature::from_slice(&raw.unwrap()).unwrap();
    let der = signature.to_der();
    let theirs = p256_key();
    theirs.verify(b"sample", &signature).unwrap();
    let ours = PublicKey::from_spki_der(theirs.to_public_key_der().unwrap().as_bytes()).unwrap();
    assert_eq!(ours.algorithm(), Algorithm::EcdsaP256Sha256);
    ours.verify(b"sample", der.as_bytes()).unwrap();
    let digest = HashAlgorithm::Sha256.digest(b"sample");
    ours.verify_prehashed(Algorithm::EcdsaP256Sha256, &digest, der.as_bytes())
        .unwrap();
    assert_eq!(
        ours.verify(b"sampled", der.as_bytes()),
        Err(Error::SignatureInvalid)
    );
    assert_eq!(
        ours.verify(b"sample", &signature.to_bytes()),
        Err(Error::SignatureInvalid)
    );
}

#[test]
fn verifies_with_a_hash_that_is_named_apart() {
    // RFC 6979 §A.2.5, with SHA-384.
    let raw = hex::decode(concat!(
        "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
        "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954"
    ));
    let signature = p256::ecdsa::Signature::from_slice(&raw.unwrap()).unwrap();
    let der = signature.to_der();
    let spki = p256_key().to_public_key_der().unwrap();
    let key = PublicKey::from_spki_der(spki.as_bytes()).unwrap();
    let with = |hash| key.verify_with_hash(hash, b"sample", der.as_bytes());
    assert_eq!(with(HashAlgorithm::Sha384), Ok(()));
    assert_eq!(with(HashAlgorithm::Sha256), Err(Error::SignatureInvalid));
    assert_eq!(with(HashAlgorithm::Sha512), Err(Error::SignatureInvalid));
}

#[test]
fn verifies_the_first_ed25519_example_of_rfc_8032() {
    let key = ed25519("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signature = hex::decode(concat!(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ));
    key.verify(b"", &signature.unwrap()).unwrap();
}

#[test]
fn verifies_the_ed25519ph_example_of_rfc_8032() {
    let secret = "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
    let secret: [u8; 32] = hex::decode(secret).unwrap().try_into().unwrap();
    let raw = SigningKey::from_bytes(&secret).verifying_key().to_bytes();
    let key = ed25519(&hex::encode(raw));
    let signature = hex::decode(concat!(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41",
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    ))
    .unwrap();
    key.verify_as(Algorithm::Ed25519Ph, b"abc", &signature)
        .unwrap();
    let digest = HashAlgorithm::Sha512.digest(b"abc");
    key.verify_prehashed(Algorithm::Ed25519Ph, &digest, &signature)
        .unwrap();
    assert_eq!(key.verify(b"abc", &signature), Err(Error::SignatureInvalid));
}

#[test]
fn refuses_a_digest_for_pure_ed25519_and_algorithms_of_other_keys() {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let key = ed25519(&hex::encode(signer.verifying_key().to_bytes()));
    let signature = signer.sign(b"message").to_bytes();
    let digest = HashAlgorithm::Sha512.digest(b"message");
    key.verify(b"message", &signature).unwrap();
    for algorithm in Algorithm::ALL {
        let digest = algorithm.hash().digest(b"message");
        assert!(
            key.verify_prehashed(algorithm, &digest, &signature)
                .is_err(),
            "{algorithm:?}"
        );
    }
    assert!(matches!(
        key.verify_prehashed(Algorithm::Ed25519Ph, &digest[1..], &signature),
        Err(Error::DigestLength {
            found: 63,
            expected: 64
        })
    ));
    assert!(matches!(
        key.verify_as(Algorithm::EcdsaP256Sha256, b"message", &signature),
        Err(Error::AlgorithmMismatch(_))
    ));
}

#[test]
fn reads_pem_as_clients_write_it() {
    let theirs = p256_key();
    let der = theirs.to_public_key_der().unwrap();
    let key = PublicKey::from_spki_der(der.as_bytes()).unwrap();
    let canonical = key.to_pem();
    assert_eq!(
        p256::ecdsa::VerifyingKey::from_public_key_pem(&canonical).unwrap(),
        theirs
    );
    let body: String = canonical
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let table = [
        canonical.clone(),
        canonical.trim_end().to_owned(),
        canonical.replace('\n', "\r\n"),
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"),
        format!("a comment\n{canonical}"),
    ];
    for text in table {
        assert_eq!(PublicKey::from_pem(&text).unwrap(), key, "{text}");
        assert_eq!(
            PublicKey::from_pem_or_der(text.as_bytes())
                .unwrap()
                .to_pem(),
            canonical
        );
    }
    assert_eq!(PublicKey::from_pem_or_der(der.as_bytes()).unwrap(), key);
}

#[test]
fn refuses_what_is_no_pem_of_a_key() {
    let pem = PublicKey::from_spki_der(p256_key().to_public_key_der().unwrap().as_bytes());
    let pem = pem.unwrap().to_pem();
    let table = [
        String::new(),
        "-----BEGIN ".to_owned(),
        pem.replace("END PUBLIC", "END PRIVATE"),
        pem.replace("PUBLIC KEY", "CERTIFICATE"),
        pem.replace("-----END PUBLIC KEY-----", ""),
        pem.replacen("ME", "!!", 1).replacen("MF", "!!", 1),
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n".to_owned(),
    ];
    for text in table {
        assert!(PublicKey::from_pem(&text).is_err(), "{text}");
    }
    assert_eq!(pem::decode_all(&format!("{pem}{pem}")).unwrap().len(), 2);
    assert!(pem::decode_all("none").is_err());
    assert!(pem::decode_all(&format!("{pem}-----BEGIN PUBLIC")).is_err());
}

#[test]
fn registry_names_read_back() {
    for algorithm in Algorithm::ALL {
        assert_eq!(
            Algorithm::from_key_details(algorithm.key_details()),
            Some(algorithm)
        );
    }
    for name in [
        "",
        "PKIX_RSA_PSS_2048_SHA256",
        "PKIX_ECDSA_P256_HMAC_SHA_256",
    ] {
        assert_eq!(Algorithm::from_key_details(name), None);
    }
    for hash in [
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ] {
        assert_eq!(HashAlgorithm::from_name(hash.name()), Some(hash));
        assert_eq!(hash.digest(b"").len(), hash.digest_length());
    }
}

#[test]
fn a_key_is_named_by_the_hash_of_its_der() {
    let der = p256_key().to_public_key_der().unwrap();
    let key = PublicKey::from_spki_der(der.as_bytes()).unwrap();
    let hex = hex::encode(HashAlgorithm::Sha256.digest(der.as_bytes()));
    assert_eq!(key.log_id().to_string(), hex);
    assert_eq!(key.fingerprint(), format!("SHA256:{hex}"));
    assert_eq!(format!("{key:?}"), format!("PublicKey(SHA256:{hex})"));
}
