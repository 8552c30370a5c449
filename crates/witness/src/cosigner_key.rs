use std::fmt;
use std::str::FromStr;

use sigstead_key::PublicKey;
use sigstead_note::{KeyId, KeyName, NoteSignature, SignedNote};

use crate::Error;
use crate::vkey::{self, EncodedKey};

/// An Ed25519 key under the name by which it cosigns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignerKey {
    name: KeyName,
    key_id: KeyId,
    raw: [u8; 32],
    public_key: PublicKey,
}

impl CosignerKey {
    /// Reads `<name>+<key id in hex>+<0x04 and the key in base64>`.
    ///
    /// # Errors
    /// The text is not a verifier key, its identifier is that of another key, or the key is not one for Ed25519 cosignatures.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let encoded = EncodedKey::parse(text)?;
        if encoded.signature_type != COSIGNATURE_V1 {
            return Err(encoded.wrong_type(NEEDED_TYPE));
        }
        let public_key = encoded.ed25519()?;
        // What `ed25519` accepts has 32 octets.
        let raw = public_key.raw_ed25519().unwrap_or_default();
        let key_id = KeyId::truncate(&KeyId::hash(&encoded.name, COSIGNATURE_V1, &raw));
        encoded.check_id(key_id)?;
        Ok(Self {
            name: encoded.name,
            key_id,
            raw,
            public_key,
        })
    }

    /// The Ed25519 key of a cosigner under its name; `None` of a key of another algorithm.
    #[must_use]
    pub fn new(name: KeyName, public_key: PublicKey) -> Option<Self> {
        let raw = public_key.raw_ed25519()?;
        Some(Self {
            key_id: KeyId::truncate(&KeyId::hash(&name, COSIGNATURE_V1, &raw)),
            name,
            raw,
            public_key,
        })
    }

    /// What a cosigner signs at a time, in seconds since the epoch, over the text of a checkpoint
    /// (c2sp.org/tlog-cosignature §Ed25519 signed message).
    #[must_use]
    pub fn message(text: &str, timestamp_seconds: u64) -> String {
        format!("cosignature/v1\ntime {timestamp_seconds}\n{text}")
    }

    /// The signature line of a cosignature that was made by this key at a time.
    #[must_use]
    pub fn line(&self, timestamp_seconds: u64, ed25519: &[u8]) -> NoteSignature {
        NoteSignature {
            name: self.name.clone(),
            key_id: self.key_id,
            signature: [timestamp_seconds.to_be_bytes().as_slice(), ed25519].concat(),
        }
    }

    /// The name of the key.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The identifier that stands in signature lines.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The key itself. Keys of different names may be the same key.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Whether a signature line says that it is by this key.
    #[must_use]
    pub fn is_named_by(&self, signature: &NoteSignature) -> bool {
        signature.name == self.name && signature.key_id == self.key_id
    }

    /// Checks one signature line over the text of a checkpoint.
    ///
    /// # Errors
    /// The line is of another key, says an impossible time, or does not fit the text.
    pub fn verify(&self, text: &str, signature: &NoteSignature) -> Result<Cosignature, Error> {
        if !self.is_named_by(signature) {
            return Err(Error::OtherKey {
                expected: self.name.clone(),
                found: signature.name.clone(),
            });
        }
        let bytes = signature.signature.as_slice();
        let wrong_length = || Error::CosignatureLength {
            name: self.name.clone(),
            length: bytes.len(),
        };
        let (timestamp, ed25519) = bytes.split_first_chunk().ok_or_else(wrong_length)?;
        if ed25519.len() != ED25519_SIGNATURE_LENGTH {
            return Err(wrong_length());
        }
        let timestamp_seconds = u64::from_be_bytes(*timestamp);
        if timestamp_seconds == 0 || timestamp_seconds > MAX_TIMESTAMP {
            return Err(Error::CosignatureTime {
                name: self.name.clone(),
                timestamp_seconds,
            });
        }
        let message = Self::message(text, timestamp_seconds);
        let verified = self.public_key.verify(message.as_bytes(), ed25519);
        verified.map_err(|source| Error::CosignatureInvalid {
            name: self.name.clone(),
            source,
        })?;
        Ok(Cosignature {
            timestamp_seconds,
            line: signature.clone(),
        })
    }

    /// Finds the cosignature of this key on a note, and checks it.
    ///
    /// # Errors
    /// No line of this key verifies; the error is that of the last such line. `None` where there is no such line at all.
    pub fn find(&self, note: &SignedNote) -> Result<Option<Cosignature>, Error> {
        let mut refused = None;
        for line in note.signatures.iter().filter(|line| self.is_named_by(line)) {
            match self.verify(&note.text, line) {
                Ok(cosignature) => return Ok(Some(cosignature)),
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(None), Err)
    }
}

impl FromStr for CosignerKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&vkey::encode(
            &self.name,
            self.key_id,
            COSIGNATURE_V1,
            &self.raw,
        ))
    }
}

/// A verified statement of a witness: at this time, this was the largest head of the log that it had seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness signed, in seconds since the epoch, by its own clock.
    pub timestamp_seconds: u64,
    /// The signature line, as it stands on the note.
    pub line: NoteSignature,
}

const COSIGNATURE_V1: u8 = 0x04;
const NEEDED_TYPE: &str =
    "a witness' key is for type 0x04 (Ed25519 cosignatures), so ask its operator for that one";
const ED25519_SIGNATURE_LENGTH: usize = 64;
// c2sp.org/tlog-cosignature §Format: what is larger is negative to whoever reads it as signed.
const MAX_TIMESTAMP: u64 = i64::MAX as u64;
