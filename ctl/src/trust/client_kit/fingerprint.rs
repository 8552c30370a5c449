//! By what people tell a file from another: its SHA-256, in hex and in words.

use serde::Serialize;
use sigstead_ceremony::{Digest, Error};

/// The fingerprint of a file.
#[derive(Debug, Serialize)]
pub(crate) struct Fingerprint {
    /// Hex.
    pub(crate) sha256: String,
    /// To be read aloud.
    pub(crate) words: String,
    #[serde(skip)]
    digest: Digest,
}

impl Fingerprint {
    /// That of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let digest = Digest::of_file(bytes);
        Self {
            sha256: digest.to_string(),
            words: digest.words(),
            digest,
        }
    }

    /// Whether somebody who was told this was told this fingerprint.
    ///
    /// # Errors
    /// If it is no fingerprint.
    pub(crate) fn is_told_as(&self, told: &str) -> Result<bool, Error> {
        let hex = told.trim().to_ascii_lowercase();
        let hex = hex.strip_prefix("sha256:").unwrap_or(&hex);
        if hex.len() == self.sha256.len() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(hex == self.sha256);
        }
        self.digest.is_read_as(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_words_or_in_hex_and_half_of_it_is_none() {
        let fingerprint = Fingerprint::of(b"a root");
        let other = Fingerprint::of(b"another root");
        let spoken = fingerprint.words.replace('-', " ");
        let upper = fingerprint.sha256.to_uppercase();
        let named = format!("sha256:{}", fingerprint.sha256);
        for told in [
            &fingerprint.words,
            &spoken,
            &fingerprint.sha256,
            &upper,
            &named,
        ] {
            assert!(fingerprint.is_told_as(told).unwrap(), "{told}");
            assert!(!other.is_told_as(told).unwrap(), "{told}");
        }
        let half = fingerprint.sha256.get(..32).unwrap();
        for told in ["", half, "abandon"] {
            assert!(fingerprint.is_told_as(told).is_err(), "{told}");
        }
    }
}
