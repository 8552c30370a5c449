//! The keys of an authority, each with the time from which on it signs.

use std::path::Path;
use std::sync::Arc;

use sigstead_config::tsa::{Config, Successor, SuccessorsFile};
use sigstead_signer::KeyConfig;
use time::{Duration, OffsetDateTime};

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
    /// Opens the key that signs at `now` and those that take over from it.
    ///
    /// A key that another took over from is opened for [`OVERLAP`] more, for a clock that is set back; later its file need
    /// not be there any more.
    pub(crate) async fn open(config: &Config, now: OffsetDateTime) -> Result<Self, Error> {
        let listed = match &config.successors_file {
            Some(path) => successors(path)?,
            None => Vec::new(),
        };
        let has_long_begun = |key: &&Successor| key.from <= now - OVERLAP;
        let begun = listed.iter().take_while(has_long_begun).count();
        let (begun, coming) = listed.split_at(begun);
        let first = match begun.last() {
            Some(key) => Key::open(Some(key.from), &key.key, &key.chain).await?,
            None => Key::open(None, &config.key, &config.chain).await?,
        };
        let mut successors = Vec::with_capacity(coming.len());
        for key in coming {
            let opened = Key::open(Some(key.from), &key.key, &key.chain).await?;
            opened.authority.verify_chain(key.from)?;
            successors.push(opened);
        }
        Ok(Self { first, successors })
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

    /// All keys, in the order in which they sign.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.successors)
    }
}

impl Key {
    async fn open(
        from: Option<OffsetDateTime>,
        key: &KeyConfig,
        chain: &Path,
    ) -> Result<Self, Error> {
        let authority = Arc::new(Authority::open(key, chain).await?);
        Ok(Self { from, authority })
    }
}

fn successors(path: &Path) -> Result<Vec<Successor>, Error> {
    let file = SuccessorsFile::read(path).map_err(|error| Error::Successors(Box::new(error)))?;
    Ok(file.successors)
}

/// More than a clock is set back by those who keep it.
const OVERLAP: Duration = Duration::minutes(10);
