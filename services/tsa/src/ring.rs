//! The keys of an authority, each with the time from which on it signs.

use std::path::Path;
use std::sync::Arc;

use sigstead_config::tsa::{Config, SuccessorsFile};
use time::OffsetDateTime;

use crate::Error;
use crate::authority::Authority;

/// Keys that follow one another. All of them are proven, long before they sign; there is always one that signs.
pub(crate) struct KeyRing {
    first: Key,
    successors: Vec<Key>,
}

/// A key of a ring.
pub(crate) struct Key {
    /// From when on it signs; the configured key has no such time.
    pub(crate) from: Option<OffsetDateTime>,
    /// What it signs as.
    pub(crate) authority: Arc<Authority>,
}

impl KeyRing {
    /// Opens the keys of [`Config::ring`]. Those that are to come must have a chain that is valid when they begin.
    pub(crate) async fn open(config: &Config, now: OffsetDateTime) -> Result<Self, Error> {
        let file = match &config.successors_file {
            Some(path) => successors(path)?,
            None => SuccessorsFile::default(),
        };
        let mut opened = Vec::new();
        for key in config.ring(&file, now) {
            let authority = Authority::open(key.key, key.chain).await?;
            if let Some(from) = key.from.filter(|_| !opened.is_empty()) {
                authority.verify_chain(from)?;
            }
            opened.push(Key {
                from: key.from,
                authority: Arc::new(authority),
            });
        }
        let mut opened = opened.into_iter();
        let first = opened.next().ok_or(Error::ChainShort)?;
        Ok(Self {
            first,
            successors: opened.collect(),
        })
    }

    /// The key that signs at `now`.
    pub(crate) fn at(&self, now: OffsetDateTime) -> &Key {
        let begun = |key: &&Key| key.from.is_some_and(|from| from <= now);
        self.successors
            .iter()
            .rev()
            .find(begun)
            .unwrap_or(&self.first)
    }

    /// When the chain ends of the key that signs last: nothing is signed afterwards unless another key follows.
    pub(crate) fn ends(&self) -> OffsetDateTime {
        self.successors
            .last()
            .unwrap_or(&self.first)
            .authority
            .ends()
    }

    /// All keys, in the order in which they sign.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.successors)
    }
}

fn successors(path: &Path) -> Result<SuccessorsFile, Error> {
    SuccessorsFile::read(path).map_err(|error| Error::Successors(Box::new(error)))
}
