//! 64-bit integers: written as strings, read as strings or numbers (protobuf-JSON). No member of a bundle is negative.

use serde::{Deserialize, Deserializer, Serializer, de};

pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = match Option::deserialize(deserializer)? {
        Some(Integer::Text(text)) => text.parse().map_err(de::Error::custom)?,
        Some(Integer::Number(number)) => number,
        None => 0,
    };
    // The wire type is signed.
    i64::try_from(value).map_err(de::Error::custom)?;
    Ok(value)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Integer {
    Number(u64),
    Text(String),
}
