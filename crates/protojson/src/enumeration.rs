//! Values of enumerations: read by name or by number, held by name.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

/// The values of an enumeration: number and name of each.
pub type Values = [(i32, &'static str)];

/// Reads a value. A number without a name is held as its digits: enumerations of proto3 are open.
///
/// # Errors
/// If it is neither a name of `values` nor a number of 32 bits.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
    values: &'static Values,
) -> Result<String, D::Error> {
    deserializer.deserialize_any(ValueVisitor(values))
}

struct ValueVisitor(&'static Values);

impl Visitor<'_> for ValueVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name or the number of a value of an enumeration")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<String, E> {
        let is_known = self.0.iter().any(|(_, known)| *known == name);
        is_known
            .then(|| name.to_owned())
            .ok_or_else(|| E::custom(format_args!("{name:?} is no value of the enumeration")))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        let number = i32::try_from(number).map_err(E::custom)?;
        let known = self.0.iter().find(|(value, _)| *value == number);
        Ok(known.map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        self.visit_i64(i64::try_from(number).map_err(E::custom)?)
    }
}
