//! Fields of type `int64` that are never negative: held as `u64`, written as strings. For `#[serde(with = …)]`.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

use crate::integer;

/// Writes the integer as a string.
///
/// # Errors
/// If the serializer fails.
pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads the integer, also where another reader of JSON than this crate's is at work.
///
/// # Errors
/// If it is none, negative, or larger than the signed type of the wire.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(IntegerVisitor)
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer from 0 to 9223372036854775807")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        let value = integer::from_text(text).and_then(bounded);
        value.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        bounded(value.into()).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        bounded(value.into()).ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<u64, E> {
        let whole = integer::from_float(value).and_then(bounded);
        whole.ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
    }
}

fn bounded(value: i128) -> Option<u64> {
    i64::try_from(value)
        .ok()
        .and_then(|value| u64::try_from(value).ok())
}
