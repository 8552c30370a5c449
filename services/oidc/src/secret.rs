use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// A value that opens something for everybody who shows it: a code, a cookie. 256 random bits as
/// base64url. The store sees its digest only, so that a stolen store opens nothing.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn random() -> Result<Self, Error> {
        random_bytes::<32>().map(|bytes| Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What somebody shows. Anything that this process cannot have made is no secret of ours.
    pub(crate) fn presented(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::Randomness)?;
    Ok(bytes)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_and_never_printed() {
        let secret = Secret::random().unwrap();
        assert_eq!(secret.as_str().len(), 43);
        let shown = Secret::presented(secret.as_str()).unwrap();
        assert_eq!(shown.digest(), secret.digest());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn what_cannot_be_ours_is_no_secret() {
        for text in ["", "short", "not base64url, not base64url, not base64u!!"] {
            assert!(Secret::presented(text).is_none(), "{text}");
        }
    }
}
