use std::sync::Arc;
use std::sync::atomic::Ordering;

use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex};
use tokio::sync::oneshot;

use crate::log::Log;
use crate::queue::{Announcement, Outcome, RETRY_AFTER, Submission};
use crate::shared::Shared;
use crate::{Error, PendingEntry, PublishedHead, RecordedEntry};

/// The answer to an addition: the entry is durable, and a published checkpoint covers it.
#[derive(Debug, Clone)]
pub struct Included {
    /// The entry's index.
    pub leaf_index: LeafIndex,
    /// The time that the entry was sealed with; for a duplicate the original's where its leaf contains it, else 0.
    pub time_millis: u64,
    /// The proof against `checkpoint`; it was verified.
    pub proof: InclusionProof,
    /// The published checkpoint that covers the entry.
    pub checkpoint: Arc<PublishedHead>,
    /// Whether the log already had the entry.
    pub is_duplicate: bool,
    /// The hash of the entry's leaf.
    pub leaf_hash: LeafHash,
    /// What the log holds for the index; for a duplicate the original.
    pub entry: RecordedEntry,
}

/// An entry that a log expects; dropping it takes the announcement back.
pub struct Announced<'a> {
    pub(crate) log: &'a Log,
    pub(crate) announcement: Announcement<'a>,
}

impl Announced<'_> {
    /// As [`Log::add`].
    ///
    /// # Errors
    /// As [`Log::add`].
    pub async fn add(self, entry: Box<dyn PendingEntry>) -> Result<Included, Error> {
        Addition::new(self.log, entry).run(self.announcement).await
    }
}

/// An entry on its way through the log.
struct Addition<'a> {
    log: &'a Log,
    shared: &'a Shared,
    entry: Box<dyn PendingEntry>,
    /// What to look for among the entries that the log has; none once another entry has been found under it.
    key: Option<[u8; 32]>,
}

impl<'a> Addition<'a> {
    fn new(log: &'a Log, entry: Box<dyn PendingEntry>) -> Self {
        Self {
            log,
            shared: &log.inner.shared,
            key: entry.deduplication_key(),
            entry,
        }
    }

    async fn run(mut self, announcement: Announcement<'_>) -> Result<Included, Error> {
        let mut announcement = Some(announcement);
        loop {
            if self.shared.queue.is_frozen() {
                return Err(Error::Frozen);
            }
            if let Some(index) = self.find_known() {
                announcement = None;
                if let Some(duplicate) = self.as_duplicate(index).await? {
                    return Ok(duplicate);
                }
                // Another entry under the same key: this one is new.
                self.key = None;
            }
            let (answer, answered) = oneshot::channel();
            self.shared.refuse_when_cold_storage_lags()?;
            let submission = Submission {
                entry: self.entry,
                deduplication_key: self.key,
                answer,
            };
            self.shared.queue.push(submission, announcement.take())?;
            match answered.await.map_err(|_| self.shared.read_only())?? {
                Outcome::Included(included) => return verified(included),
                Outcome::ComparesElsewhere(returned) => self.entry = returned,
            }
            if self.find_known().is_none() {
                // The original is not in memory, and the index that has its place cannot be read: better twice than never.
                self.key = None;
            }
        }
    }

    fn find_known(&self) -> Option<u64> {
        let key = self.key?;
        self.shared.known.find_if_possible(&self.shared.name, &key)
    }

    /// The entry that stands at an index, proven, if the submitted one, sealed as it was, is the same.
    async fn as_duplicate(&self, index: u64) -> Result<Option<Included>, Error> {
        self.shared.wait_until_published(index).await?;
        let Some(entry) = self.shared.entry(index).await? else {
            return Ok(None);
        };
        let time_millis = self.shared.sealed_at(&entry);
        let leaf_index = LeafIndex::new(index);
        let Ok(sealed) = self.entry.seal(leaf_index, time_millis) else {
            return Ok(None);
        };
        if sealed.bundle != entry.bundle {
            return Ok(None);
        }
        let checkpoint = self.log.published();
        let size = checkpoint.head.size;
        let duplicate = Included {
            leaf_index,
            time_millis,
            proof: self.log.inclusion_proof(leaf_index, size).await?,
            checkpoint,
            is_duplicate: true,
            leaf_hash: sealed.leaf_hash,
            entry,
        };
        verified(duplicate).map(Some)
    }
}

impl Shared {
    /// What waits for cold storage is held in memory, so there is a limit.
    fn refuse_when_cold_storage_lags(&self) -> Result<(), Error> {
        if !self.cold_storage_lags() {
            return Ok(());
        }
        Err(match self.cold_hindrance.reason() {
            Some(reason) => Error::ColdLags { reason },
            None => Error::Overloaded {
                retry_after: RETRY_AFTER,
            },
        })
    }

    fn cold_storage_lags(&self) -> bool {
        let full = self.size() / crate::edge::WIDTH;
        let waiting = full.saturating_sub(self.flushed.load(Ordering::Acquire));
        waiting > BUNDLES_IN_MEMORY || self.held_bytes.load(Ordering::Acquire) > BYTES_IN_MEMORY
    }

    /// Why entries are refused for now.
    pub(crate) fn hindered(&self) -> Option<Arc<str>> {
        let cold = || {
            let reason = self.cold_hindrance.reason();
            reason.filter(|_| self.cold_storage_lags())
        };
        self.hindrance.reason().or_else(cold)
    }
}

/// Nothing is answered that the client could not verify; done here, on the caller's own task.
fn verified(included: Included) -> Result<Included, Error> {
    let root = &included.checkpoint.head.root;
    let verified = included.proof.verify(&included.leaf_hash, root);
    verified.map_err(|why| Error::Inconsistent {
        why: format!("an answer does not verify: {why}"),
    })?;
    Ok(included)
}

/// A few seconds of a busy log; about 25 MiB of entries of common size.
const BUNDLES_IN_MEMORY: u64 = 64;

/// More than one bundle ever has, so that those that are full can make room.
const BYTES_IN_MEMORY: u64 = 128 * 1024 * 1024;
