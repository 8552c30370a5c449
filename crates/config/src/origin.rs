use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of a log: the first line of its checkpoints and the name of its key, such as
/// `log2026-1.rekor.example.com`. Clients compare it byte for byte, and it never changes during the
/// life of a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// The name as it stands.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot name a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a log: write a name without spaces and plus signs, as in log.example.com"
)]
pub struct ParseOriginError(String);

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // c2sp.org/signed-note §Format: key names hold neither white space nor plus.
        let wrong = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if text.is_empty() || text.chars().any(wrong) || text.contains("://") {
            return Err(ParseOriginError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_and_refuses_what_a_signed_note_cannot_carry() {
        for name in ["log2026-1.rekor.example.com", "localhost/ct", "a"] {
            assert_eq!(name.parse::<Origin>().unwrap().as_str(), name);
        }
        for name in ["", "a b", "a+b", "a\n", "https://log.example.com"] {
            assert!(name.parse::<Origin>().is_err(), "{name:?}");
        }
    }
}
