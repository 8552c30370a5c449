use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::Error;

/// The name of a key that signs notes, such as the origin of a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Reads a name.
    ///
    /// # Errors
    /// The name is empty, or holds white space, a control character or a plus sign.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // c2sp.org/signed-note §Format
        let wrong = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if text.is_empty() || text.chars().any(wrong) {
            return Err(Error::KeyName(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as it stands in a signature line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The four bytes by which a signature line hints at its key. They distinguish, they do not prove.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// An identifier from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The bytes of the identifier.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// The identifier that is made of the first bytes of a hash.
    #[must_use]
    pub const fn truncate(hash: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *hash;
        Self([a, b, c, d])
    }

    /// Hashes a key's name, the type of its signatures and the key itself, in full length.
    #[must_use]
    pub fn hash(name: &KeyName, signature_type: u8, key: &[u8]) -> [u8; 32] {
        // c2sp.org/signed-note §Signatures
        let mut hash = Sha256::new_with_prefix(name.as_str());
        hash.update([b'\n', signature_type]);
        hash.update(key);
        hash.finalize().into()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_names_that_would_break_a_signature_line() {
        for name in ["", "a b", "a\u{a0}b", "a\nb", "a+b", "\u{2003}", "a\u{0}"] {
            assert!(KeyName::parse(name).is_err(), "{name:?}");
        }
        for name in ["a", "log.example.com", "example.com/log/2026", "größe"] {
            assert_eq!(KeyName::parse(name).unwrap().as_str(), name);
        }
    }
}
