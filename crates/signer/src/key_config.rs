//! How a configuration names a key.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One key of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Where the key is: `file:` and a path, relative to the configuration file. The file is PKCS #8 in PEM form and
    /// must be readable by its owner only; a mounted Secret also by the group that the pod alone is in.
    pub uri: KeyUri,
    /// The file with the passphrase of an encrypted key; a newline at its end does not count. Default none, for a key
    /// that is not encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_file: Option<PathBuf>,
}

/// The place of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyUri {
    /// `file:PATH`.
    File(PathBuf),
}

/// A text that does not name a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name a key: write file: and a path, as in file:keys/ca.key")]
pub struct ParseKeyUriError(String);

impl FromStr for KeyUri {
    type Err = ParseKeyUriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(ParseKeyUriError(text.to_owned())),
        }
    }
}

impl fmt::Display for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl JsonSchema for KeyUri {
    fn schema_name() -> Cow<'static, str> {
        "KeyUri".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^file:."})
    }
}

impl Serialize for KeyUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyUri {
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
    fn a_file_uri_reads_back_as_it_was_written() {
        for text in ["file:keys/ca.key", "file:/var/lib/sigstead/ca.key"] {
            assert_eq!(text.parse::<KeyUri>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_names_no_key() {
        for text in ["", "file:", "keys/ca.key", "ftp:key", "pkcs11:token=a"] {
            assert!(text.parse::<KeyUri>().is_err(), "{text:?}");
        }
    }
}
