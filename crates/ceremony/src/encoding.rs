//! The forms that statements have: JSON in files, canonical JSON under signatures.

use olpc_cjson::CanonicalFormatter;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sigstead_trust_root::tuf::TufKey;
use time::OffsetDateTime;

use crate::error::Error;

/// Reads a file of the medium.
pub(crate) fn parse<T: DeserializeOwned>(what: &'static str, json: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|source| Error::Malformed { what, source })
}

/// The bytes of a file, for people to read too.
pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Structs of strings, numbers and times: writing them to memory cannot fail.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// What a key signs to state something. It begins with the name of what is stated and a zero byte, so that it is of no use as
/// metadata, which begins with a brace, nor as a statement of another kind.
pub(crate) fn message<T: Serialize>(kind: &str, statement: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = kind.as_bytes().to_vec();
    bytes.push(0);
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut bytes, CanonicalFormatter::new());
    statement
        .serialize(&mut serializer)
        .map_err(Error::Canonical)?;
    Ok(bytes)
}

/// What is signed tells times by the second.
pub(crate) fn whole_seconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

/// Whether `signature`, in hex, is one of `key` over `message`.
pub(crate) fn is_signed(key: &TufKey, message: &[u8], signature: &str) -> bool {
    let Some(key) = key.public_key() else {
        return false;
    };
    hex::decode(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}
