//! Keys as TUF metadata names them.

use std::collections::BTreeMap;

use olpc_cjson::CanonicalFormatter;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::tuf::digest::sha256_hex;

/// SHA-256 of the key object's canonical form, hex. Strict clients recompute it, so a key object never carries extra
/// members.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TufKeyId(String);

impl std::fmt::Display for TufKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key (TUF §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TufKey {
    keytype: String,
    scheme: String,
    keyval: BTreeMap<String, String>,
}

impl TufKey {
    /// The key object of an ECDSA P-256 or Ed25519 key, or `None` for a key that some client cannot check.
    #[must_use]
    pub fn new(key: &sigstead_key::PublicKey) -> Option<Self> {
        let (keytype, scheme, public) = match key.algorithm() {
            sigstead_key::Algorithm::EcdsaP256Sha256 => {
                ("ecdsa", "ecdsa-sha2-nistp256", key.to_pem())
            }
            sigstead_key::Algorithm::Ed25519 => {
                ("ed25519", "ed25519", hex::encode(key.raw_ed25519()?))
            }
            _ => return None,
        };
        Some(Self {
            keytype: keytype.to_owned(),
            scheme: scheme.to_owned(),
            keyval: BTreeMap::from([("public".to_owned(), public)]),
        })
    }

    /// The key's identifier.
    #[must_use]
    pub fn id(&self) -> TufKeyId {
        // Strings in maps only: writing them to memory cannot fail.
        TufKeyId(sha256_hex(&canonical(self, "key").unwrap_or_default()))
    }

    /// The key itself, if it is of a kind that this crate can check.
    #[must_use]
    pub fn public_key(&self) -> Option<sigstead_key::PublicKey> {
        let public = self.keyval.get("public")?;
        match self.keytype.as_str() {
            "ecdsa" => sigstead_key::PublicKey::from_pem(public).ok(),
            "ed25519" => {
                // RFC 8410 §4: the fixed SubjectPublicKeyInfo prefix of an Ed25519 key.
                let mut spki = hex::decode("302a300506032b6570032100").ok()?;
                spki.extend(hex::decode(public).ok()?);
                sigstead_key::PublicKey::from_spki_der(&spki).ok()
            }
            _ => None,
        }
    }
}

/// OLPC canonical JSON, the form over which identifiers and signatures are made (TUF §4.2.1).
pub(crate) fn canonical<T: Serialize>(value: &T, role: &'static str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut bytes, CanonicalFormatter::new());
    value
        .serialize(&mut serializer)
        .map_err(|source| Error::Canonical {
            role,
            source: source.into(),
        })?;
    Ok(bytes)
}
