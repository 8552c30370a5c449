use sha2::{Digest, Sha256};
use sigstead_key::{Algorithm, PublicKey};

use crate::{Error, KeyId, KeyName};

/// A public key under the name by which it signs notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    public_key: PublicKey,
    full_id: [u8; 32],
}

impl VerifierKey {
    /// Names a key.
    #[must_use]
    pub fn new(name: KeyName, public_key: PublicKey) -> Self {
        let full_id = full_id(&name, &public_key);
        Self {
            name,
            public_key,
            full_id,
        }
    }

    /// The name of the key.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key itself.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The identifier in full length: the log identifier of Rekor v2.
    #[must_use]
    pub const fn full_id(&self) -> [u8; 32] {
        self.full_id
    }

    /// The identifier that stands in signature lines.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        KeyId::truncate(&self.full_id)
    }

    /// Checks the bytes of a signature over a text.
    ///
    /// # Errors
    /// The signature is not one of this key over this text.
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<(), Error> {
        let verified = self.public_key.verify(text.as_bytes(), signature);
        verified.map_err(|source| Error::SignatureInvalid {
            name: self.name.to_string(),
            source,
        })
    }
}

// Rekor v2 specification §4: an ECDSA key is identified without its name.
fn full_id(name: &KeyName, public_key: &PublicKey) -> [u8; 32] {
    let spki = public_key.spki_der();
    match public_key.algorithm() {
        Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 | Algorithm::EcdsaP521Sha512 => {
            Sha256::digest(spki).into()
        }
        Algorithm::Ed25519 | Algorithm::Ed25519Ph => {
            let raw = public_key.raw_ed25519().unwrap_or_default();
            KeyId::hash(name, ED25519_SIGNATURE_TYPE, &raw)
        }
        Algorithm::RsaPkcs1v15_2048Sha256
        | Algorithm::RsaPkcs1v15_3072Sha256
        | Algorithm::RsaPkcs1v15_4096Sha256 => {
            KeyId::hash(name, OTHER_SIGNATURE_TYPE, &[RSA_LABEL, spki].concat())
        }
        // Such a key signs no note: none of its kind is read from outside, and `signer` opens none for a log.
        Algorithm::MlDsa44 | Algorithm::MlDsa65 => {
            KeyId::hash(name, OTHER_SIGNATURE_TYPE, &[ML_DSA_LABEL, spki].concat())
        }
    }
}

const ED25519_SIGNATURE_TYPE: u8 = 0x01;
const OTHER_SIGNATURE_TYPE: u8 = 0xff;
const ML_DSA_LABEL: &[u8] = b"PKIX-ML-DSA";
const RSA_LABEL: &[u8] = b"PKIX-RSA-PKCS#1v1.5";
