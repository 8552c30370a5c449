//! Where something stands in a document, by the way that leads to it.
//!
//! The reader of YAML tells a place of its own accord only where it refuses something itself. A type that refuses what it
//! has read already is placed at the start of whatever is around it. So the document is read once more along the way to the
//! field, and refused there.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_path_to_error::{Path, Segment};

/// Line and column, counted from one, of what the path leads to.
pub(super) fn of_value(text: &str, path: &Path) -> Option<(usize, usize)> {
    seek(text, &steps(path)?, false)
}

/// The same of the key under which it stands.
pub(super) fn of_key(text: &str, path: &Path) -> Option<(usize, usize)> {
    let steps = steps(path)?;
    matches!(steps.last(), Some(Step::Member(_)))
        .then(|| seek(text, &steps, true))
        .flatten()
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

fn steps(path: &Path) -> Option<Vec<Step<'_>>> {
    let step = |segment| match segment {
        &Segment::Seq { index } => Some(Step::Element(index)),
        Segment::Map { key } => Some(Step::Member(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().map(step).collect()
}

fn seek(text: &str, steps: &[Step<'_>], at_key: bool) -> Option<(usize, usize)> {
    let seek = Seek { steps, at_key };
    let refused = seek.deserialize(serde_yaml::Deserializer::from_str(text));
    let found = refused
        .err()
        .filter(|error| error.to_string().contains(HERE))?;
    let location = found.location()?;
    Some((location.line(), location.column()))
}

/// Follows the steps through a document, and refuses what it finds at their end.
#[derive(Clone, Copy)]
struct Seek<'a> {
    steps: &'a [Step<'a>],
    /// Whether the last key is refused, not the value under it.
    at_key: bool,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Forwards what is a value by itself.
macro_rules! scalars {
    ($($method:ident($type:ty))*) => {
        $(
            fn $method<E: Error>(self, _value: $type) -> Result<(), E> {
                self.end()
            }
        )*
    };
}

impl Seek<'_> {
    fn end<E: Error>(self) -> Result<(), E> {
        match self.steps {
            [] => Err(E::custom(HERE)),
            _ => Ok(()),
        }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    scalars! {
        visit_bool(bool)
        visit_i64(i64)
        visit_u64(u64)
        visit_i128(i128)
        visit_u128(u128)
        visit_f64(f64)
        visit_str(&str)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.end()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Some((step, steps)) = self.steps.split_first() else {
            return self.end();
        };
        let mut position = 0;
        loop {
            let next = match step {
                Step::Element(wanted) if *wanted == position => {
                    elements.next_element_seed(Seek { steps, ..self })?
                }
                _ => elements.next_element::<IgnoredAny>()?.map(drop),
            };
            if next.is_none() {
                return Ok(());
            }
            position += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Some((step, steps)) = self.steps.split_first() else {
            return self.end();
        };
        let refused = match step {
            Step::Member(name) if self.at_key && steps.is_empty() => Some(*name),
            _ => None,
        };
        while let Some(key) = members.next_key_seed(Key { refused })? {
            match step {
                Step::Member(name) if *name == key => {
                    members.next_value_seed(Seek { steps, ..self })?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads a key, and refuses the one that is looked for.
struct Key<'a> {
    refused: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        match self.refused {
            Some(refused) if refused == key => Err(E::custom(HERE)),
            _ => Ok(key.to_owned()),
        }
    }
}

const HERE: &str = "here it is";
