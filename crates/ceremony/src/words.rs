//! Digests in words, to be read aloud.

use std::fmt;

use bip39::{Language, Mnemonic};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::encoding::message;
use crate::error::Error;

/// The SHA-256 of all that a draft says, or of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a statement of some kind.
    pub(crate) fn of<T: Serialize>(kind: &str, statement: &T) -> Result<Self, Error> {
        Ok(Self(Sha256::digest(message(kind, statement)?).into()))
    }

    /// The SHA-256 of a file, such as the root with which a client begins.
    #[must_use]
    pub fn of_file(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Twelve words of BIP 39, joined by hyphens: half of the digest, and four bits by which a misheard word shows.
    ///
    /// Half is enough: who wants to show two drafts with the same words has to try 2^64 of them.
    #[must_use]
    pub fn words(&self) -> String {
        let half = self.0.get(..16).unwrap_or_default();
        // Sixteen bytes always have words.
        let mnemonic = Mnemonic::from_entropy_in(Language::English, half);
        let words = mnemonic.map(|mnemonic| mnemonic.words().collect::<Vec<_>>().join("-"));
        words.unwrap_or_default()
    }

    /// Whether these are its words, with hyphens or spaces between them.
    ///
    /// # Errors
    /// If they are the words of no digest.
    pub fn is_read_as(&self, words: &str) -> Result<bool, Error> {
        let words = words.to_lowercase();
        let words: Vec<_> = words
            .split(|letter: char| !letter.is_alphabetic())
            .filter(|word| !word.is_empty())
            .collect();
        let text = words.join(" ");
        Mnemonic::parse_in_normalized(Language::English, &text).map_err(|_| Error::Words)?;
        Ok(words.join("-") == self.words())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_bip_39() {
        // The first test vector of BIP 39, which has an entropy of zeros.
        let zeros = format!("{}about", "abandon-".repeat(11));
        assert_eq!(Digest([0; 32]).words(), zeros);
        // The SHA-256 of nothing, as `sha256sum` prints it.
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of_file(b"").to_string(), nothing);
    }

    #[test]
    fn words_are_heard_with_any_gaps_and_refused_when_misheard() {
        let digest = Digest::of("test", &"one").unwrap();
        let words = digest.words();
        let upper = words.to_uppercase().replace('-', " ");
        for heard in [&words, &upper, &format!(" {} ", words.replace('-', ",  "))] {
            assert!(digest.is_read_as(heard).unwrap(), "{heard}");
        }
        let other = Digest::of("test", &"two").unwrap();
        assert!(!other.is_read_as(&words).unwrap());
        let first = words.split('-').next().unwrap();
        for misheard in ["", first, &words.replace(first, "nonsense")] {
            assert!(matches!(digest.is_read_as(misheard), Err(Error::Words)));
        }
    }
}
