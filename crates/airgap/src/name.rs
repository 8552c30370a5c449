use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// The name of a file of an archive: a path below a volume that means the same on every file system, and nothing outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

/// Why a text is no name of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name of a file: it has to be at most {LONGEST} letters, digits and . _ - + = @, in at most {DEEPEST} folders, \
     none of which begins or ends with a dot"
)]
pub struct NameError(String);

impl FileName {
    /// Reads a name.
    ///
    /// # Errors
    /// If it would be another file on some medium, or none.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let is_short = text.len() <= LONGEST && text.split('/').count() <= DEEPEST;
        match is_short && text.split('/').all(is_plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(NameError(text.chars().take(LONGEST).collect())),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it is below a folder.
    #[must_use]
    pub fn below(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for FileName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

fn is_plain(part: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+=@".contains(&byte);
    !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && part.bytes().all(is_known)
}

/// A SHA-256, in hex where it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// That of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// That of everything that is read.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of_reader(from: &mut impl Read) -> io::Result<Self> {
        let mut hasher = sha2::Sha256::new();
        copy(from, &mut hasher)?;
        Ok(Self::finish(hasher))
    }

    pub(crate) fn finish(hasher: sha2::Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// Reads 64 digits, as they are written here: in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        (hex::encode(bytes) == text).then_some(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl TryFrom<String> for Sha256 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("no SHA-256 in lower hex")
    }
}

impl From<Sha256> for String {
    fn from(hash: Sha256) -> Self {
        hash.to_string()
    }
}

/// Reads all of `from` into a hash.
pub(crate) fn copy(from: &mut impl Read, hash: &mut sha2::Sha256) -> io::Result<u64> {
    let (mut buffer, mut length) = (vec![0; BUFFER], 0);
    loop {
        let read = from.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(length);
        };
        hash.update(bytes);
        length += bytes.len() as u64;
    }
}

/// What is read at once.
pub(crate) const BUFFER: usize = 1 << 17;
/// A path on every file system that media have, with the folder of the medium in front.
const LONGEST: usize = 200;
const DEEPEST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for good in [
            "a",
            "programs/sigctl",
            "docs/adr/0001-a.md",
            "x_y+z=1@2.tar.gz",
        ] {
            assert_eq!(FileName::parse(good).unwrap().as_str(), good);
        }
        let (long, deep) = ("a".repeat(201), "a/".repeat(10) + "a");
        for bad in [
            "", "/a", "a/", "a//b", ".", "..", "a/../b", ".a", "a.", "a b", "a\\b", "c:a", "a\0",
            "ä", "a\n", &long, &deep,
        ] {
            assert!(FileName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_hash_is_written_in_one_way() {
        let hash = Sha256::of(b"abc");
        let text = hash.to_string();
        assert_eq!(Sha256::parse(&text), Some(hash));
        assert_eq!(Sha256::parse(&text.to_uppercase()), None);
        assert_eq!(Sha256::parse(&text[1..]), None);
    }
}
