//! What a log takes, what it refuses, and that the body is canonical whatever is in it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::ed25519::signature::digest::Digest as _;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::{Sha512, SigningKey};
use futures::executor::block_on;
use proptest::prelude::*;
use sigstead_entry::{
    CanonicalEntry, Error, MAX_BODY_LENGTH, ProposedEntry, Verifier, pae, rebuild_hashedrekord,
};
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_merkle::LeafHash;
use sigstead_x509::{CaKind, CaProfile, Name, SerialNumber, Validity};
use time::OffsetDateTime;

const MESSAGE: &[u8] = b"what was signed";

fn signed_by(algorithm: Algorithm) -> ProposedEntry {
    let signer = sigstead_signer::ephemeral(algorithm).unwrap();
    ProposedEntry {
        digest: algorithm.hash().digest(MESSAGE),
        signature: block_on(signer.sign(MESSAGE)).unwrap(),
        verifier: Verifier::PublicKey(signer.public_key().spki_der().to_vec()),
        algorithm,
    }
}

fn signed_by_ed25519ph() -> ProposedEntry {
    let key = SigningKey::from_bytes(&[7; 32]);
    let hash = Sha512::new_with_prefix(MESSAGE);
    let signature = key.sign_prehashed(hash, None).unwrap();
    ProposedEntry {
        digest: HashAlgorithm::Sha512.digest(MESSAGE),
        signature: signature.to_bytes().to_vec(),
        verifier: Verifier::PublicKey(key.verifying_key().to_public_key_der().unwrap().into_vec()),
        algorithm: Algorithm::Ed25519Ph,
    }
}

fn good() -> ProposedEntry {
    signed_by(Algorithm::EcdsaP256Sha256)
}

#[test]
fn takes_each_algorithm_that_signs_digests() {
    let mut entries: Vec<_> = [
        Algorithm::EcdsaP256Sha256,
        Algorithm::EcdsaP384Sha384,
        Algorithm::EcdsaP521Sha512,
        Algorithm::RsaPkcs1v15_2048Sha256,
        Algorithm::RsaPkcs1v15_3072Sha256,
    ]
    .map(signed_by)
    .into();
    entries.push(signed_by_ed25519ph());
    for entry in entries {
        let verified = entry.clone().verify().unwrap();
        let body = verified.canonical_body();
        assert_eq!(verified.leaf_hash(), LeafHash::of(body));
        let hash_algorithm = entry.algorithm.hash();
        let rebuilt = rebuild_hashedrekord(
            &entry.digest,
            hash_algorithm,
            &entry.signature,
            &entry.verifier,
        );
        assert_eq!(rebuilt.unwrap(), body);
        assert_eq!(
            CanonicalEntry::parse(body).unwrap(),
            CanonicalEntry {
                hash_algorithm,
                entry
            }
        );
    }
}

#[test]
fn takes_a_certificate_without_a_look_at_its_issuer_and_its_time() {
    let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let certificate = CaProfile {
        subject: Name {
            organization: "example".to_owned(),
            common_name: "long expired".to_owned(),
        },
        public_key: signer.public_key().clone(),
        validity: Validity {
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
        },
        kind: CaKind::Root,
        serial: SerialNumber::from_random([1; 20]),
    };
    let certificate = certificate.self_signed().unwrap();
    let signature = block_on(signer.sign(certificate.bytes_to_sign())).unwrap();
    let der = certificate.sign_with(signature).unwrap().to_der().to_vec();
    let entry = ProposedEntry {
        digest: HashAlgorithm::Sha256.digest(MESSAGE),
        signature: block_on(signer.sign(MESSAGE)).unwrap(),
        verifier: Verifier::Certificate(der.clone()),
        algorithm: Algorithm::EcdsaP256Sha256,
    };
    let body = entry.clone().verify().unwrap().into_canonical_body();
    assert_eq!(CanonicalEntry::parse(&body).unwrap().entry, entry);
    let member = format!(
        r#""x509Certificate":{{"rawBytes":"{}"}}"#,
        STANDARD.encode(der)
    );
    assert!(String::from_utf8(body).unwrap().contains(&member));
}

#[test]
fn refuses_pure_ed25519() {
    let refused = signed_by(Algorithm::Ed25519).verify();
    assert!(matches!(
        refused,
        Err(Error::AlgorithmNotAllowed("PKIX_ED25519"))
    ));
}

#[test]
fn refuses_a_digest_of_another_length() {
    for digest in [
        Vec::new(),
        vec![0; 31],
        vec![0; 33],
        HashAlgorithm::Sha512.digest(MESSAGE),
    ] {
        let found = digest.len();
        let refused = ProposedEntry { digest, ..good() }.verify();
        let Err(Error::DigestLength {
            found: got,
            expected: 32,
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(got, found);
    }
}

#[test]
fn refuses_an_algorithm_that_is_not_one_of_the_key() {
    let table = [
        (Algorithm::EcdsaP384Sha384, HashAlgorithm::Sha384),
        (Algorithm::RsaPkcs1v15_2048Sha256, HashAlgorithm::Sha256),
        (Algorithm::Ed25519Ph, HashAlgorithm::Sha512),
    ];
    for (algorithm, hash) in table {
        let entry = ProposedEntry {
            algorithm,
            digest: hash.digest(MESSAGE),
            ..good()
        };
        let refused = entry.verify();
        let Err(Error::AlgorithmMismatch(name)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(name, algorithm.key_details());
    }
}

#[test]
fn refuses_a_signature_that_does_not_fit() {
    let entry = good();
    let mut other_digest = entry.clone();
    other_digest.digest = HashAlgorithm::Sha256.digest(b"something else");
    let mut other_key = entry.clone();
    other_key.verifier = good().verifier;
    let mut empty = entry.clone();
    empty.signature.clear();
    let mut longer = entry;
    longer.signature.push(0);
    let mut ph = signed_by_ed25519ph();
    ph.signature[5] ^= 1;
    for entry in [other_digest, other_key, empty, longer, ph] {
        assert!(matches!(entry.verify(), Err(Error::SignatureInvalid)));
    }
}

#[test]
fn refuses_what_is_no_key_and_no_certificate() {
    let Verifier::PublicKey(spki) = good().verifier else {
        unreachable!("the entry is signed by a key");
    };
    for der in [Vec::new(), vec![0x30, 0x80], spki[1..].to_vec()] {
        let verifier = Verifier::PublicKey(der);
        let refused = ProposedEntry { verifier, ..good() }.verify();
        assert!(matches!(refused, Err(Error::PublicKey(_))));
    }
    for der in [Vec::new(), spki] {
        let verifier = Verifier::Certificate(der);
        let refused = ProposedEntry { verifier, ..good() }.verify();
        assert!(matches!(refused, Err(Error::Certificate(_))));
    }
}

#[test]
fn refuses_what_a_bundle_cannot_hold_before_it_looks_at_the_signature() {
    let signature = vec![0; MAX_BODY_LENGTH * 3 / 4];
    let refused = ProposedEntry {
        signature,
        ..good()
    }
    .verify();
    assert!(matches!(refused, Err(Error::TooLong(length)) if length > MAX_BODY_LENGTH));
}

#[test]
fn logs_an_envelope_by_its_pre_authentication_encoding() {
    let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP384Sha384).unwrap();
    let (payload_type, payload) = ("application/vnd.in-toto+json", b"{}");
    let signature = block_on(signer.sign(&pae(payload_type, payload))).unwrap();
    let propose = |payload: &[u8]| {
        ProposedEntry::from_dsse(
            payload_type,
            payload,
            signature.clone(),
            Verifier::PublicKey(signer.public_key().spki_der().to_vec()),
            Algorithm::EcdsaP384Sha384,
        )
    };
    let entry = propose(payload);
    assert_eq!(
        entry.digest,
        HashAlgorithm::Sha384.digest(&pae(payload_type, payload))
    );
    assert!(entry.verify().is_ok());
    assert!(matches!(
        propose(b"[]").verify(),
        Err(Error::SignatureInvalid)
    ));
}

#[test]
fn reads_no_body_in_another_spelling() {
    let body = good().verify().unwrap().into_canonical_body();
    let body = String::from_utf8(body).unwrap();
    let table = [
        String::new(),
        "{}".to_owned(),
        body.replace("0.0.2", "0.0.1"),
        body.replace("\"hashedrekord\"", "\"dsse\""),
        body.replace("hashedRekordV002", "hashedRekordV0_0_2"),
        body.replace("SHA2_256", "SHA2_512_"),
        body.replace("PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA"),
        body.replace(',', ", "),
        body.replace("\"kind\"", "\"extra\":1,\"kind\""),
        body.replace("\"digest\"", "\"extra\":1,\"digest\""),
        body.replace("publicKey", "x509certificate"),
        format!("{body}\n"),
        format!(" {body}"),
        body.replace("=\"}", "\"}"),
    ];
    for other in table {
        assert_ne!(other, body);
        let refused = CanonicalEntry::parse(other.as_bytes());
        assert!(matches!(refused, Err(Error::NotCanonical)), "{other}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_body_or_refused(bytes: Vec<u8>) {
        prop_assert!(CanonicalEntry::parse(&bytes).is_err());
    }

    #[test]
    fn any_body_is_the_canonical_form_of_its_json(
        digest in prop::collection::vec(any::<u8>(), 32),
        signature in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let Verifier::PublicKey(spki) = signed_by_ed25519ph().verifier else {
            unreachable!("the entry is signed by a key");
        };
        let verifier = Verifier::PublicKey(spki);
        let body = rebuild_hashedrekord(&digest, HashAlgorithm::Sha512, &signature, &verifier);
        let body = body.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_vec(&json).unwrap(), body);
    }
}
