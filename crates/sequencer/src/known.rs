use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sigstead_index::{Index, Key};
use tokio::sync::Notify;

use crate::edge::WIDTH;
use crate::shared::Shared;
use crate::{Error, RecordedEntry};

/// Where entries stand by their deduplication keys.
///
/// It follows the log and may lag behind it, after a start or while its disk fails; an entry that it does not know yet may
/// be logged twice, which costs space and nothing else.
pub(crate) struct Known {
    index: Arc<Index>,
    /// Said once, not for every entry.
    has_failed: AtomicBool,
    lags: Notify,
}

impl Known {
    pub(crate) fn new(index: Arc<Index>) -> Self {
        Self {
            index,
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

    /// Waits until the index has not taken in a round.
    pub(crate) async fn lags(&self) {
        self.lags.notified().await;
    }
}

impl Shared {
    /// Takes the next entries of the log into the index, at most those of one bundle; tells whether there were any.
    pub(crate) async fn catch_up(&self) -> Result<bool, Error> {
        let first = self.known.index.covered();
        let entries = self.entries(first, WIDTH, u64::MAX).await?;
        let mut postings = Vec::with_capacity(entries.len());
        for (position, entry) in (first..).zip(&entries) {
            let leaf = self.format.read(&entry.bundle);
            let key = leaf.ok().and_then(|leaf| leaf.deduplication_key);
            postings.extend(key.map(|key| (Key::new(key), position)));
        }
        let end = first + entries.len() as u64;
        match self.known.index.extend(first..end, &postings) {
            // The log's thread was faster.
            Err(_) if self.known.index.covered() > first => Ok(true),
            extended => {
                extended?;
                Ok(!entries.is_empty())
            }
        }
    }

    /// The time that a stored entry was sealed with, where its leaf contains it; else 0.
    pub(crate) fn sealed_at(&self, entry: &RecordedEntry) -> u64 {
        let leaf = self.format.read(&entry.bundle);
        leaf.map_or(0, |leaf| leaf.time_millis)
    }

    /// The entries from one on: as many as asked for, or as are in memory or in its bundle, or as make up `most_bytes`
    /// bytes.
    pub(crate) async fn entries(
        &self,
        first: u64,
        limit: u64,
        most_bytes: u64,
    ) -> Result<Vec<RecordedEntry>, Error> {
        let end = self.size().min(first.saturating_add(limit));
        let held = self.held_entries(first, end, most_bytes);
        if !held.is_empty() || first >= end {
            return Ok(held);
        }
        self.cold_entries(first, end, most_bytes).await
    }

    fn held_entries(&self, first: u64, end: u64, most_bytes: u64) -> Vec<RecordedEntry> {
        let edge = self.edge();
        let mut bytes = 0;
        let held = (first..end).map_while(|index| {
            let entry = (bytes < most_bytes).then(|| edge.entry(index)).flatten()?;
            bytes += entry.bundle.len() as u64;
            Some(entry.clone())
        });
        held.collect()
    }
}
