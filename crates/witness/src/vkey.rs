use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_note::{KeyId, KeyName, VerifierKey};

use crate::Error;

/// The parts of a verifier key in its text form, with an identifier that is not yet checked
/// (c2sp.org/signed-note §Verifier keys).
pub(crate) struct EncodedKey {
    pub(crate) name: KeyName,
    pub(crate) key_id: KeyId,
    pub(crate) signature_type: u8,
    pub(crate) material: Vec<u8>,
}

impl EncodedKey {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let malformed = || Error::VerifierKey(text.chars().take(MAX_SHOWN).collect());
        // The key may hold plus signs, the name may not.
        let (name, rest) = text.split_once('+').ok_or_else(malformed)?;
        let (id, key) = rest.split_once('+').ok_or_else(malformed)?;
        let mut key_id = [0; 4];
        hex::decode_to_slice(id, &mut key_id).map_err(|_| malformed())?;
        let bytes = STANDARD.decode(key).map_err(|_| malformed())?;
        let (signature_type, material) = bytes.split_first().ok_or_else(malformed)?;
        Ok(Self {
            name: KeyName::parse(name).map_err(Error::KeyName)?,
            key_id: KeyId::from_bytes(key_id),
            signature_type: *signature_type,
            material: material.to_vec(),
        })
    }

    pub(crate) fn check_id(&self, computed: KeyId) -> Result<(), Error> {
        if self.key_id == computed {
            return Ok(());
        }
        Err(Error::KeyIdMismatch {
            name: self.name.clone(),
            stated: self.key_id,
            computed,
        })
    }

    /// The key of a log: Ed25519, or ECDSA as Sigstore's logs have it.
    pub(crate) fn into_log_key(self) -> Result<VerifierKey, Error> {
        let public_key = match self.signature_type {
            ED25519 => self.ed25519()?,
            ECDSA => self.ecdsa()?,
            _ => return Err(self.wrong_type(LOG_TYPES)),
        };
        let key = VerifierKey::new(self.name.clone(), public_key);
        self.check_id(key.key_id())?;
        Ok(key)
    }

    pub(crate) fn ed25519(&self) -> Result<PublicKey, Error> {
        // RFC 8410 §4: the SubjectPublicKeyInfo of an Ed25519 key is these octets and the key.
        let spki = [ED25519_SPKI_PREFIX, self.material.as_slice()].concat();
        self.public_key(&spki)
    }

    fn ecdsa(&self) -> Result<PublicKey, Error> {
        let key = self.public_key(&self.material)?;
        match key.algorithm() {
            Algorithm::EcdsaP256Sha256
            | Algorithm::EcdsaP384Sha384
            | Algorithm::EcdsaP521Sha512 => Ok(key),
            _ => Err(self.wrong_type(LOG_TYPES)),
        }
    }

    fn public_key(&self, spki: &[u8]) -> Result<PublicKey, Error> {
        PublicKey::from_spki_der(spki).map_err(|source| Error::KeyMaterial {
            name: self.name.clone(),
            source,
        })
    }

    pub(crate) fn wrong_type(&self, needed: &'static str) -> Error {
        Error::SignatureType {
            name: self.name.clone(),
            found: self.signature_type,
            needed,
        }
    }
}

/// A verifier key in its text form.
pub(crate) fn encode(name: &KeyName, id: KeyId, signature_type: u8, material: &[u8]) -> String {
    let bytes = [&[signature_type], material].concat();
    format!("{name}+{id}+{}", STANDARD.encode(bytes))
}

/// The text form of a log's key that [`EncodedKey::into_log_key`] has read.
pub(crate) fn encode_log_key(key: &VerifierKey) -> String {
    match key.public_key().raw_ed25519() {
        Some(raw) => encode(key.name(), key.key_id(), ED25519, &raw),
        None => encode(key.name(), key.key_id(), ECDSA, key.public_key().spki_der()),
    }
}

const ED25519: u8 = 0x01;
const ECDSA: u8 = 0x02;
const LOG_TYPES: &str = "a log's key is for type 0x01 (Ed25519) or 0x02 (ECDSA)";
const ED25519_SPKI_PREFIX: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const MAX_SHOWN: usize = 120;
