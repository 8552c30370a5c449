//! Keys, certificates, and proposals as clients write them.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::ed25519::signature::digest::Digest as _;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::{Sha512, SigningKey};
use futures::executor::block_on;
use serde_json::{Value, json};
use sigstead_entry::pae;
use sigstead_entry::v1::{Error, ProposedEntry, VerifiedEntry};
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey, pem};
use sigstead_signer::Signer;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, FulcioExtensions, LeafProfile, Name, SerialNumber,
    SubjectAlternativeName, TlsProfile, TlsRole, UnsignedCertificate, Validity,
};
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const MESSAGE: &[u8] = b"what was signed";
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
pub(crate) const ISSUER: &str = "https://Issuer.Example";
pub(crate) const EMAIL: &str = "Alice@Example.com";

pub(crate) fn key(algorithm: Algorithm) -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(algorithm).unwrap()
}

pub(crate) fn p256() -> Arc<dyn Signer> {
    key(Algorithm::EcdsaP256Sha256)
}

pub(crate) fn sign(key: &dyn Signer, message: &[u8]) -> Vec<u8> {
    block_on(key.sign(message)).unwrap()
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(HashAlgorithm::Sha256.digest(bytes.as_ref()))
}

/// The body that a log must have: written by another library, from a value put together by the test.
pub(crate) fn canonical(kind: &str, version: &str, spec: Value) -> String {
    let body = json!({"kind": kind, "apiVersion": version, "spec": spec});
    serde_json_canonicalizer::to_string(&body).unwrap()
}

pub(crate) fn proposal(kind: &str, version: &str, spec: Value) -> Value {
    json!({"kind": kind, "apiVersion": version, "spec": spec})
}

pub(crate) fn propose(value: &Value) -> Result<ProposedEntry, Error> {
    ProposedEntry::from_json(&serde_json::to_vec(value).unwrap())
}

pub(crate) fn verify(value: &Value) -> Result<VerifiedEntry, Error> {
    propose(value)?.verify()
}

pub(crate) fn body(value: &Value) -> String {
    let verified = verify(value).unwrap();
    String::from_utf8(verified.canonical_body().to_vec()).unwrap()
}

/// A `hashedrekord` 0.0.1.
pub(crate) fn hashedrekord(algorithm: &str, value: &str, signature: &[u8], pem: &str) -> Value {
    let spec = json!({
        "data": {"hash": {"algorithm": algorithm, "value": value}},
        "signature": {"content": b64(signature), "publicKey": {"content": b64(pem)}},
    });
    proposal("hashedrekord", "0.0.1", spec)
}

/// One that a log takes.
pub(crate) fn good_hashedrekord() -> Value {
    let key = p256();
    let pem = key.public_key().to_pem();
    hashedrekord("sha256", &sha256(MESSAGE), &sign(&*key, MESSAGE), &pem)
}

/// The text of a signature of an envelope.
pub(crate) fn envelope_signature(key: &dyn Signer, payload: &str) -> String {
    b64(sign(key, &pae(PAYLOAD_TYPE, payload.as_bytes())))
}

/// The text of an envelope as clients in Go write it.
pub(crate) fn envelope(payload: &str, signatures: &[&str]) -> String {
    let signatures: Vec<_> = signatures
        .iter()
        .map(|sig| json!({"sig": sig, "keyid": ""}))
        .collect();
    let payload = b64(payload);
    json!({"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": signatures}).to_string()
}

/// A `dsse` 0.0.1.
pub(crate) fn dsse(envelope: &str, verifiers: &[&str]) -> Value {
    let verifiers: Vec<_> = verifiers.iter().map(b64).collect();
    let content = json!({"envelope": envelope, "verifiers": verifiers});
    proposal("dsse", "0.0.1", json!({"proposedContent": content}))
}

/// One that a log takes.
pub(crate) fn good_dsse(payload: &str) -> Value {
    let key = p256();
    let signature = envelope_signature(&*key, payload);
    dsse(
        &envelope(payload, &[&signature]),
        &[&key.public_key().to_pem()],
    )
}

/// An `intoto` 0.0.1.
pub(crate) fn intoto001(envelope: &str, pem: &str) -> Value {
    let spec = json!({"content": {"envelope": envelope}, "publicKey": b64(pem)});
    proposal("intoto", "0.0.1", spec)
}

/// One that a log takes.
pub(crate) fn good_intoto001(payload: &str) -> Value {
    let key = p256();
    let signature = envelope_signature(&*key, payload);
    intoto001(
        &envelope(payload, &[&signature]),
        &key.public_key().to_pem(),
    )
}

/// An `intoto` 0.0.2 with one signature for each pair of its text and its key.
pub(crate) fn intoto002(payload: &str, signatures: &[(&str, &str)], hash: Option<&str>) -> Value {
    let signatures = signatures
        .iter()
        .map(|(sig, pem)| json!({"sig": b64(sig), "publicKey": b64(pem)}));
    let signatures: Vec<_> = signatures.collect();
    let payload = b64(b64(payload));
    let envelope =
        json!({"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": signatures});
    let mut content = json!({"envelope": envelope});
    if let Some(value) = hash {
        content["hash"] = json!({"algorithm": "sha256", "value": value});
    }
    proposal("intoto", "0.0.2", json!({"content": content}))
}

/// One that a log takes.
pub(crate) fn good_intoto002(payload: &str) -> Value {
    let key = p256();
    let signature = envelope_signature(&*key, payload);
    let pem = key.public_key().to_pem();
    intoto002(payload, &[(&signature, &pem)], Some(&sha256("an envelope")))
}

/// An Ed25519 key: its PEM, its signature over the digest of a message, and that over a message itself.
pub(crate) struct Ed25519(SigningKey);

impl Ed25519 {
    pub(crate) fn new() -> Self {
        Self(SigningKey::from_bytes(&[7; 32]))
    }

    pub(crate) fn pem(&self) -> String {
        let spki = self.0.verifying_key().to_public_key_der().unwrap();
        PublicKey::from_spki_der(spki.as_bytes()).unwrap().to_pem()
    }

    pub(crate) fn sign_prehashed(&self, message: &[u8]) -> Vec<u8> {
        let hash = Sha512::new_with_prefix(message);
        self.0
            .sign_prehashed(hash, None)
            .unwrap()
            .to_bytes()
            .to_vec()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        use ed25519_dalek::Signer as _;
        self.0.sign(message).to_bytes().to_vec()
    }
}

/// A signing certificate below a root, and its key.
pub(crate) struct Signing {
    pub(crate) key: Arc<dyn Signer>,
    pub(crate) leaf: Certificate,
    pub(crate) root: Certificate,
}

impl Signing {
    pub(crate) fn new(san: SubjectAlternativeName) -> Self {
        Self::issued(|issuer, public_key| {
            let leaf = LeafProfile {
                issuer,
                public_key,
                san,
                extensions: FulcioExtensions {
                    issuer: ISSUER.to_owned(),
                    ..FulcioExtensions::default()
                },
                validity: VALIDITY,
                serial: SerialNumber::from_random([2; 20]),
            };
            leaf.tbs_certificate().unwrap().to_sign_unlogged().unwrap()
        })
    }

    pub(crate) fn of_host(dns_names: Vec<String>, ip_addresses: Vec<IpAddr>) -> Self {
        Self::issued(|issuer, public_key| {
            let leaf = TlsProfile {
                subject: Name::default(),
                public_key,
                dns_names,
                ip_addresses,
                uris: Vec::new(),
                role: TlsRole::Server,
                validity: VALIDITY,
                serial: SerialNumber::from_random([2; 20]),
            };
            leaf.issued_by(issuer).unwrap()
        })
    }

    fn issued(leaf: impl FnOnce(&Certificate, PublicKey) -> UnsignedCertificate) -> Self {
        let (authority, key) = (p256(), p256());
        let root = CaProfile {
            subject: Name {
                organization: "example".to_owned(),
                common_name: "root".to_owned(),
            },
            public_key: authority.public_key().clone(),
            validity: VALIDITY,
            kind: CaKind::Root,
            serial: SerialNumber::from_random([1; 20]),
        };
        let root = root.self_signed().unwrap();
        let signature = sign(&*authority, root.bytes_to_sign());
        let root = root.sign_with(signature).unwrap();
        let leaf = leaf(&root, key.public_key().clone());
        let signature = sign(&*authority, leaf.bytes_to_sign());
        let leaf = leaf.sign_with(signature).unwrap();
        Self { key, leaf, root }
    }

    pub(crate) fn of_alice() -> Self {
        Self::new(SubjectAlternativeName::Email(EMAIL.to_owned()))
    }

    pub(crate) fn hashedrekord(&self, pem: &str) -> Value {
        let signature = sign(&*self.key, MESSAGE);
        hashedrekord("sha256", &sha256(MESSAGE), &signature, pem)
    }
}

const VALIDITY: Validity = Validity {
    not_before: OffsetDateTime::UNIX_EPOCH,
    not_after: datetime!(1970-01-01 0:10 UTC),
};

/// The same block, written in the ways that clients write it.
pub(crate) fn spellings(label: &str, der: &[u8]) -> Vec<String> {
    let standard = pem::encode(label, der);
    let one_line = format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----",
        b64(der)
    );
    vec![
        standard.trim_end().to_owned(),
        format!("\n\n{standard}\n\n"),
        standard.replace('\n', "\r\n"),
        one_line,
        standard,
    ]
}
