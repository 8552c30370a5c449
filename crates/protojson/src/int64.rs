//! Fields of type `int64` that are never negative: held as `u64`, written as strings. For `#[serde(with = …)]`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes the integer as a string.
///
/// # Errors
/// If the serializer fails.
pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads the integer.
///
/// # Errors
/// If it is none, negative, or larger than the signed type of the wire.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = i64::deserialize(deserializer)?;
    u64::try_from(value).map_err(D::Error::custom)
}
