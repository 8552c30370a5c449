//! Where leaves stand by their hashes, for readers who know nothing else of them (RFC 6962 §4.5).

use std::path::Path;
use std::sync::Arc;

use sigstead_index::Key;
use sigstead_merkle::LeafHash;
use sigstead_sequencer::{Follower, LeafFormat as _, Log, RecordedEntry, TileLeaves};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::index::open_index;

/// An index that follows the log; what is lost of it is made again.
pub(crate) struct Leaves {
    follower: Follower,
}

impl Leaves {
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let index = Arc::new(open_index(directory)?);
        Ok(Self {
            follower: Follower::new("leaves", index, keys),
        })
    }

    /// Where a leaf stands among the first `size` of the log.
    pub(crate) async fn find(&self, leaf_hash: &LeafHash, size: u64) -> Result<Option<u64>, Error> {
        self.follower.catch_up(size).await;
        let key = Key::new(*leaf_hash.as_bytes());
        let found = self.follower.positions(key, 1).await?;
        let found = found.first().copied().filter(|index| *index < size);
        if found.is_none() {
            self.follower.covers(size)?;
        }
        Ok(found)
    }

    /// How many entries it covers.
    pub(crate) fn covered(&self) -> u64 {
        self.follower.covered()
    }

    /// Follows the log until it is told to stop.
    pub(crate) async fn follow(&self, log: &Log, stop: &CancellationToken) {
        self.follower.follow(log, stop.cancelled()).await;
    }
}

/// A leaf that cannot be read, which no version of this service writes, is not found.
fn keys(entry: &RecordedEntry) -> Vec<Key> {
    let leaf = TileLeaves.read(&entry.bundle);
    let key = leaf.map(|leaf| Key::new(*leaf.leaf_hash.as_bytes()));
    key.into_iter().collect()
}
