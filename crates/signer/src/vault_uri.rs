//! URIs of keys in the transit engine of Vault and OpenBao: mount, name and version.

use std::fmt;
use std::num::NonZeroU32;

/// Which version of which key of which transit engine.
///
/// The version is a part of the name. A key of the engine that is rotated has another public half, which no certificate and
/// no log of the role is of; so what signs changes by a change of this name and by nothing that is done to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultUri {
    /// Where the engine is mounted, which may have several segments.
    pub(crate) mount: String,
    pub(crate) name: String,
    pub(crate) version: NonZeroU32,
}

/// A text that is no URI of a key in a transit engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseVaultUriError {
    /// It is not of a mount and a name.
    #[error("write the mount, the name and the version, as in vault:transit/ca?version=1")]
    Form,
    /// A segment has other characters than those that the server takes in names.
    #[error("`{0}` is no name: letters, digits, `_`, `-` and `.` make one")]
    Name(String),
    /// The version is not there, or is not a number.
    #[error(
        "write the version of the key behind its name, as in ?version=1: a key that is rotated in the server has another \
         public half, and must not sign for this one"
    )]
    Version,
}

impl VaultUri {
    pub(crate) fn parse(text: &str) -> Result<Self, ParseVaultUriError> {
        let rest = text
            .strip_prefix("vault:")
            .ok_or(ParseVaultUriError::Form)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mount, name) = path.rsplit_once('/').ok_or(ParseVaultUriError::Form)?;
        for segment in mount.split('/').chain([name]) {
            if !is_name(segment) {
                return Err(ParseVaultUriError::Name(segment.to_owned()));
            }
        }
        let version = query.strip_prefix("version=").and_then(number);
        Ok(Self {
            mount: mount.to_owned(),
            name: name.to_owned(),
            version: version.ok_or(ParseVaultUriError::Version)?,
        })
    }

    /// The name of the key in its engine.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the key.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version.get()
    }
}

impl fmt::Display for VaultUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mount,
            name,
            version,
        } = self;
        write!(f, "vault:{mount}/{name}?version={version}")
    }
}

/// As the server has it in its paths: a `.` or `-` is neither the first nor the last character.
fn is_name(segment: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = segment.as_bytes();
    bytes.first().copied().is_some_and(is_word)
        && bytes.last().copied().is_some_and(is_word)
        && bytes
            .iter()
            .all(|byte| is_word(*byte) || matches!(byte, b'.' | b'-'))
}

/// One form for each number: `01` and `+1` are none.
fn number(text: &str) -> Option<NonZeroU32> {
    let number: NonZeroU32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_reads_back_as_it_was_written() {
        for text in [
            "vault:transit/ca?version=1",
            "vault:teams/one/transit/ca.site-1?version=4294967295",
        ] {
            assert_eq!(VaultUri::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_names_no_version_of_a_key() {
        use ParseVaultUriError::{Form, Name, Version};
        let name = |text: &str| Name(text.to_owned());
        for (text, expected) in [
            ("vault:ca?version=1", Form),
            ("vault:?version=1", Form),
            ("pkcs11:transit/ca?version=1", Form),
            ("vault:/ca?version=1", name("")),
            ("vault:transit/?version=1", name("")),
            ("vault:transit//ca?version=1", name("")),
            ("vault:../ca?version=1", name("..")),
            ("vault:transit/c%61?version=1", name("c%61")),
            ("vault:transit/-ca?version=1", name("-ca")),
            ("vault:transit/ca", Version),
            ("vault:transit/ca?version=0", Version),
            ("vault:transit/ca?version=01", Version),
            ("vault:transit/ca?version=latest", Version),
            ("vault:transit/ca?version=1&x=2", Version),
            ("vault:transit/ca?v=1", Version),
        ] {
            assert_eq!(VaultUri::parse(text), Err(expected), "{text}");
        }
    }
}
