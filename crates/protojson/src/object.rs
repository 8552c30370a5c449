//! The members of an object, as the fields of a struct.

use std::collections::BTreeSet;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::rules::Rules;
use crate::unknown::Unknown;

/// The members that are fields and have a value, under the names that the struct has for them.
pub(crate) fn fields_of(
    object: Map<String, Value>,
    fields: &'static [&'static str],
    rules: Rules,
) -> Result<Vec<(&'static str, Value)>, Error> {
    let mut seen = BTreeSet::new();
    let mut members = Vec::new();
    for (name, value) in object {
        let Some(field) = rules.names.field(fields, &name) else {
            match rules.unknown {
                Unknown::Ignore => continue,
                Unknown::Refuse => return Err(Error::unknown_field(&name, fields)),
            }
        };
        if !seen.insert(field) {
            return Err(Error::duplicate_field(field));
        }
        // Null is the absence of a value: the field has its default.
        if value != Value::Null {
            members.push((field, value));
        }
    }
    Ok(members)
}

/// Members with what reads their values, as serde visits them. An error names the member that it is under.
pub(crate) struct Members<I, R> {
    rest: I,
    current: Option<(&'static str, R)>,
}

impl<I, R> Members<I, R> {
    pub(crate) fn new(members: I) -> Self {
        Self {
            rest: members,
            current: None,
        }
    }
}

impl<'de, I, R> MapAccess<'de> for Members<I, R>
where
    I: Iterator<Item = (&'static str, R)>,
    R: Deserializer<'de, Error = Error>,
{
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.current = self.rest.next();
        let Some((name, _)) = &self.current else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Error> = (*name).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, reader) = self
            .current
            .take()
            .ok_or_else(|| Error::custom("a value without a name"))?;
        seed.deserialize(reader)
            .map_err(|error| error.under_member(name))
    }
}
