use der::Document;
use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature as EcdsaSignature, VerifyingKey as EcdsaKey};
use spki::DecodePublicKey as _;

use crate::Error;
use crate::bytes::Reader;
use crate::tree::{Hash, sha256};

/// The public key of a log.
#[derive(Debug, Clone)]
pub struct LogKey {
    spki: Vec<u8>,
    public: Public,
}

#[derive(Debug, Clone)]
enum Public {
    P256(EcdsaKey),
    Ed25519(Ed25519Key),
}

impl LogKey {
    /// Reads a `PUBLIC KEY` in PEM.
    ///
    /// # Errors
    /// The text is no such key, or of an algorithm that is not supported.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let (_, document) =
            Document::from_pem(pem).map_err(|problem| Error::Key(problem.to_string()))?;
        let spki = document.as_bytes();
        let public = match p256::PublicKey::from_public_key_der(spki) {
            Ok(key) => Public::P256(EcdsaKey::from(key)),
            Err(_) => Ed25519Key::from_public_key_der(spki)
                .map(Public::Ed25519)
                .map_err(|problem| Error::Key(problem.to_string()))?,
        };
        Ok(Self {
            spki: spki.to_vec(),
            public,
        })
    }

    /// RFC 6962 §3.2, and `logID` of Rekor v1.
    pub(crate) fn log_id(&self) -> Hash {
        sha256(&self.spki)
    }

    /// C2SP signed-note for Ed25519; for ECDSA what Rekor v2 does, which leaves out the name.
    pub(crate) fn note_id(&self, name: &str) -> Hash {
        match &self.public {
            Public::P256(_) => self.log_id(),
            Public::Ed25519(key) => {
                sha256(&[name.as_bytes(), b"\n\x01", key.as_bytes().as_slice()].concat())
            }
        }
    }

    /// C2SP static-ct-api: signature type 0x05 over the log's id.
    pub(crate) fn tree_head_id(&self, name: &str) -> Hash {
        sha256(&[name.as_bytes(), b"\n\x05", self.log_id().as_slice()].concat())
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::P256(key) => EcdsaSignature::from_der(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Public::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }

    /// RFC 5246 §4.7, with the one algorithm of RFC 6962 §2.1.4 that is supported: SHA-256 with ECDSA.
    pub(crate) fn verifies_digitally_signed(&self, message: &[u8], signed: &[u8]) -> bool {
        let mut reader = Reader::new(signed);
        let algorithm = reader.take(2);
        let signature = reader.vector(2);
        let whole = reader.end().is_some() && algorithm == Some(&[4, 3]);
        matches!(self.public, Public::P256(_))
            && whole
            && signature.is_some_and(|signature| self.verifies(message, signature))
    }
}
