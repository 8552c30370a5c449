//! What a holder is called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a holder: 1 to 40 lower-case letters, digits and inner hyphens, because files have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HolderName(String);

/// A text that is no name of a holder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name: write 1 to 40 lower-case letters, digits and inner hyphens")]
pub struct ParseHolderNameError(String);

impl FromStr for HolderName {
    type Err = ParseHolderNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for HolderName {
    type Error = ParseHolderNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=40).contains(&text.len())
            && text.bytes().all(is_plain)
            && !text.starts_with('-')
            && !text.ends_with('-');
        match is_name {
            true => Ok(Self(text)),
            false => Err(ParseHolderNameError(text)),
        }
    }
}

impl From<HolderName> for String {
    fn from(name: HolderName) -> Self {
        name.0
    }
}

impl fmt::Display for HolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_file_can_have() {
        let long = "a".repeat(40);
        for name in ["alice", "key-1", "7", &long] {
            assert_eq!(name.parse::<HolderName>().unwrap().to_string(), name);
        }
        let longer = "a".repeat(41);
        for name in ["", "Alice", "-a", "a-", "a/b", "..", "a.json", "ä", &longer] {
            assert!(name.parse::<HolderName>().is_err(), "{name}");
            let json = serde_json::to_string(name).unwrap();
            assert!(serde_json::from_str::<HolderName>(&json).is_err(), "{name}");
        }
    }
}
