use std::fmt;
use std::str::FromStr;

use sigstead_note::KeyName;

use crate::Error;

/// The first line of a log's checkpoints: the log's name among all logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads a name.
    ///
    /// # Errors
    /// The name is empty, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Error::Origin(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as it stands in a checkpoint.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin as the name of the log's key, as tlog-checkpoint recommends and Rekor v2 requires.
    ///
    /// # Errors
    /// The origin holds spaces or plus signs; an origin of Rekor v1 does.
    pub fn to_key_name(&self) -> Result<KeyName, Error> {
        Ok(KeyName::parse(&self.0)?)
    }
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_line_and_no_other() {
        for text in ["log.example.com", "rekor.example.com - 12345", "a"] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a\nb", "a\r", "a\u{0}"] {
            assert!(Origin::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_a_key_unless_it_holds_spaces() {
        let origin = Origin::parse("log.example.com").unwrap();
        assert_eq!(origin.to_key_name().unwrap().as_str(), "log.example.com");
        let origin = Origin::parse("rekor.example.com - 12345").unwrap();
        assert!(origin.to_key_name().is_err());
    }
}
