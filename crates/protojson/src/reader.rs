//! The deserializer: a value, and the rules by which it is read.

use serde::de::value::{MapDeserializer, StringDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use crate::error::Error;
use crate::integer;
use crate::name::Names;
use crate::object::{Members, fields_of};
use crate::rules::Rules;
use crate::value::{Unique, unexpected};

/// Reads one value.
pub(crate) struct Reader {
    pub(crate) value: Value,
    pub(crate) rules: Rules,
}

impl Reader {
    pub(crate) fn new(json: &[u8], rules: Rules) -> Result<Self, Error> {
        let Unique(value) = serde_json::from_slice(json).map_err(Error::Json)?;
        Ok(Self { value, rules })
    }

    fn integer(&self) -> Result<i128, Error> {
        let found = match &self.value {
            Value::Number(number) => integer::from_number(number),
            Value::String(text) if self.rules.names == Names::Proto => integer::from_text(text),
            _ => None,
        };
        found.ok_or_else(|| Error::invalid_type(unexpected(&self.value), &"an integer"))
    }

    fn visit_signed<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(i64::try_from(self.integer()?).map_err(Error::custom)?)
    }

    fn visit_unsigned<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(u64::try_from(self.integer()?).map_err(Error::custom)?)
    }
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let rules = self.rules;
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, value) => visitor.visit_f64(value.unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(elements) => visitor.visit_seq(Elements::new(elements, rules)),
            Value::Object(members) => {
                let members = members
                    .into_iter()
                    .map(|(name, value)| (name, Self { value, rules }));
                visitor.visit_map(MapDeserializer::new(members))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::Object(members) => {
                let rules = self.rules;
                let members = fields_of(members, fields, rules)?.into_iter();
                let members = members.map(|(name, value)| (name, Self { value, rules }));
                visitor.visit_map(Members::new(members))
            }
            other => Err(Error::invalid_type(unexpected(&other), &"an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::String(name) => visitor.visit_enum(UnitVariant(name)),
            other => Err(Error::invalid_type(unexpected(&other), &"a name")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_signed(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_signed(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_signed(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_signed(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_unsigned(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_unsigned(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_unsigned(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_unsigned(visitor)
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier
    }
}

impl<'de> IntoDeserializer<'de, Error> for Reader {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The elements of an array, each read by the same rules.
struct Elements {
    rest: std::vec::IntoIter<Value>,
    position: usize,
    rules: Rules,
}

impl Elements {
    fn new(elements: Vec<Value>, rules: Rules) -> Self {
        Self {
            rest: elements.into_iter(),
            position: 0,
            rules,
        }
    }
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.rest.next() else {
            return Ok(None);
        };
        let position = self.position;
        self.position += 1;
        let reader = Reader {
            value,
            rules: self.rules,
        };
        seed.deserialize(reader)
            .map(Some)
            .map_err(|error| error.under_position(position))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A variant without content, by its name.
struct UnitVariant(String);

impl<'de> EnumAccess<'de> for UnitVariant {
    type Error = Error;
    type Variant = <StringDeserializer<Error> as EnumAccess<'de>>::Variant;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), Error> {
        let name: StringDeserializer<Error> = self.0.into_deserializer();
        name.variant_seed(seed)
    }
}
