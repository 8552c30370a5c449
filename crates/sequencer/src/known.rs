use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sigstead_index::{Index, Key};
use tokio::sync::Notify;

use crate::entry::RecordedEntry;
use crate::error::Error;
use crate::feed::{Progress, covers, feed};
use crate::leaf_format::LeafFormat;
use crate::tree::Tree;
use crate::tree::edge::WIDTH;

/// Which entries the log has: where they stand by their deduplication keys.
///
/// It follows the log and may lag behind it, after a start or while its disk fails; an entry that it does not know yet may
/// be logged twice, which costs space and nothing else.
pub(crate) struct Known {
    index: Arc<Index>,
    format: Arc<dyn LeafFormat>,
    /// Said once, not for every entry.
    has_failed: AtomicBool,
    lags: Notify,
}

impl Known {
    pub(crate) fn new(index: Arc<Index>, format: Arc<dyn LeafFormat>) -> Self {
        Self {
            index,
            format,
            has_failed: AtomicBool::new(false),
            lags: Notify::new(),
        }
    }

    pub(crate) fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// Where an entry of this key stands. Reads a page or two from disk if it is an old one, and of each run
    /// that has no filter in memory.
    pub(crate) fn find(&self, key: &[u8; 32]) -> Result<Option<u64>, Error> {
        let found = self.index.first(&Key::new(*key));
        // What was found to be damaged is thrown away and made again, also while the log stands still.
        if found.is_err() && self.index.is_due() {
            self.lags.notify_one();
        }
        Ok(found?)
    }

    /// The same for the log's thread and for callers that can do without an answer.
    pub(crate) fn find_if_possible(&self, log: &str, key: &[u8; 32]) -> Option<u64> {
        match self.find(key) {
            Ok(found) => found,
            Err(error) => {
                if !self.has_failed.swap(true, Ordering::Relaxed) {
                    tracing::warn!(log, %error, cause = ?error, "duplicates may be logged again");
                }
                None
            }
        }
    }

    /// Among those that were committed lately: what came since an entry was looked for elsewhere.
    pub(crate) fn find_lately(&self, key: &[u8; 32]) -> Option<u64> {
        self.index.first_in_memory(&Key::new(*key))
    }

    /// Takes in the entries of a round. When it lags behind, the keeper brings it up to them.
    pub(crate) fn extend(&self, entries: std::ops::Range<u64>, keys: &[([u8; 32], u64)]) {
        let postings: Vec<_> = keys.iter().map(|(key, at)| (Key::new(*key), *at)).collect();
        if self.index.extend(entries, &postings).is_err() {
            self.lags.notify_one();
        }
    }

    /// The time that a stored entry was sealed with, where its leaf contains it; else 0.
    pub(crate) fn sealed_at(&self, entry: &RecordedEntry) -> u64 {
        let leaf = self.format.read(&entry.bundle);
        leaf.map_or(0, |leaf| leaf.time_millis)
    }

    /// Waits until the index has not taken in a round.
    pub(crate) async fn lags(&self) {
        self.lags.notified().await;
    }

    /// Says whether the index covers a log of `size`, so that what it did not find is not there.
    pub(crate) fn covers(&self, size: u64) -> Result<(), Error> {
        covers(self.index.covered(), size)
    }

    /// Takes the next entries of the tree of `size` entries into the index, at most those of one bundle.
    pub(crate) async fn catch_up(&self, tree: &Tree, size: u64) -> Result<Progress, Error> {
        let first = self.index.covered();
        let entries = tree.at(size).entries(first, WIDTH, u64::MAX).await?;
        feed(&self.index, first, &entries, size, |entry| {
            let leaf = self.format.read(&entry.bundle).ok();
            let key = leaf.and_then(|leaf| leaf.deduplication_key);
            key.map(Key::new)
        })
    }
}
