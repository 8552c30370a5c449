use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;

use crate::error::Error;

/// How far a record has come: how many there are, and the SHA-256 of the last one. Written as `COUNT:SHA-256`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many records there are.
    pub count: u64,
    /// The SHA-256 of the last one, hexadecimal; zeros if there is none.
    pub hash: String,
}

impl Head {
    /// That of a record in which nothing is.
    pub(crate) fn empty() -> Self {
        Self {
            count: 0,
            hash: "0".repeat(HASH_DIGITS),
        }
    }

    /// Reads the file of a head; `None` if there is none.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, Error> {
        let failed = |source| Error::Io {
            action: "read",
            path: path.to_owned(),
            source,
        };
        match std::fs::read_to_string(path) {
            Ok(text) => text.trim_end().parse().map(Some).map_err(|_| Error::Head {
                path: path.to_owned(),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    pub(crate) fn store(&self, path: &Path) -> Result<(), Error> {
        let folder = sigstead_durable::parent(path);
        let made = sigstead_durable::create_private_directory(folder);
        let written =
            made.and_then(|()| sigstead_durable::replace(path, format!("{self}\n").as_bytes()));
        written.map_err(|source| Error::Io {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.count, self.hash)
    }
}

/// A text that is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not COUNT:SHA-256, as `sigctl audit verify` prints it")]
pub struct ParseHeadError;

impl FromStr for Head {
    type Err = ParseHeadError;

    fn from_str(text: &str) -> Result<Self, ParseHeadError> {
        let (count, hash) = text.split_once(':').ok_or(ParseHeadError)?;
        let is_hash =
            hash.len() == HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok(Self {
            count: count.parse().map_err(|_| ParseHeadError)?,
            hash: Some(hash.to_ascii_lowercase())
                .filter(|_| is_hash)
                .ok_or(ParseHeadError)?,
        })
    }
}

const HASH_DIGITS: usize = 64;
