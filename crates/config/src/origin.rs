use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of a log: the first line of its checkpoints and the name of its key, such as
/// `log2026-1.rekor.example.com`. Clients compare it byte for byte, and it never changes during the
/// life of a log.
///
/// It is the host name of the log's URL; that of a CT log may have a path behind it (C2SP static-ct-api).
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
    "`{0}` cannot name a log: write a host name without scheme and port, as in log.example.com"
)]
pub struct ParseOriginError(String);

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let is_origin = parts.next().is_some_and(is_host) && parts.all(is_segment);
        if !is_origin || text.len() > MOST_BYTES {
            return Err(ParseOriginError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether clients find a host of that name in the URL of the log as it stands here: RFC 1123 §2.1, without the dot at the
/// end that some resolvers take.
fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Unreserved characters of RFC 3986 §2.3, which stand in a URL as they are. c2sp.org/signed-note §Format: the names of
/// keys hold neither white space nor plus.
fn is_segment(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// It is a line of every checkpoint.
const MOST_BYTES: usize = 512;

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Origin {
    fn schema_name() -> Cow<'static, str> {
        "Origin".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/[A-Za-z0-9._~-]+)*$"})
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
    fn a_log_is_named_by_a_host_which_may_have_a_path() {
        let longest = ["a"; 127].join(".");
        for name in [
            "log2026-1.rekor.example.com",
            "Log.Example.com",
            "localhost/ct/2026.1",
            "127.0.0.1",
            "a",
            &longest,
        ] {
            assert_eq!(name.parse::<Origin>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_is_no_host_names_no_log() {
        let (label, path) = ("a".repeat(64), format!("a/{}", "b".repeat(MOST_BYTES)));
        for name in [
            "",
            "!!",
            "a b",
            "a+b",
            "a\n",
            "a_b",
            "bücher.example",
            ".a",
            "a.",
            "a..b",
            "-a",
            "a-.b",
            "a:443",
            "[::1]",
            "https://log.example.com",
            "/a",
            "a/",
            "a//b",
            "a/b?c",
            "a/b+c",
            &label,
            &["a"; 128].join("."),
            &path,
        ] {
            let refused = name.parse::<Origin>().unwrap_err().to_string();
            assert!(refused.contains("write a host name"), "{name:?}: {refused}");
        }
    }
}
