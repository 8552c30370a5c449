use sigstead_merkle::LeafIndex;
use tokio::sync::oneshot;
use tracing::Span;

use crate::entry::PendingEntry;
use crate::error::Error;
use crate::included::Included;
use crate::queue::Announcement;
use crate::queue::submission::{Outcome, Submission};
use crate::state::State;

/// An entry that a log expects; dropping it takes the announcement back.
pub struct Announced<'a> {
    state: &'a State,
    announcement: Announcement<'a>,
}

impl<'a> Announced<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        Self {
            state,
            announcement: state.queue.announce(),
        }
    }

    /// As [`Log::add`](crate::Log::add).
    ///
    /// # Errors
    /// As [`Log::add`](crate::Log::add).
    pub async fn add(self, entry: Box<dyn PendingEntry>) -> Result<Included, Error> {
        Addition::new(self.state, entry)
            .run(self.announcement)
            .await
    }
}

/// An entry on its way through the log.
///
/// 1. An entry that the log has is answered with the original, once a published head covers it.
/// 2. Any other waits in the queue for its round. Nothing is durable before the log's thread has committed that round.
/// 3. The thread answers with the index, and the proof is verified here; or it says that it knows the entry's key and has
///    the entry no longer in memory, and 1. comes again.
struct Addition<'a> {
    state: &'a State,
    entry: Box<dyn PendingEntry>,
    /// What to look for among the entries that the log has; none once another entry has been found under it.
    key: Option<[u8; 32]>,
}

impl<'a> Addition<'a> {
    fn new(state: &'a State, entry: Box<dyn PendingEntry>) -> Self {
        Self {
            state,
            key: entry.deduplication_key(),
            entry,
        }
    }

    async fn run(mut self, announcement: Announcement<'_>) -> Result<Included, Error> {
        let mut announcement = Some(announcement);
        loop {
            if self.state.queue.is_frozen() {
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
            self.state.backlog.admit(self.state.size())?;
            let submission = Submission {
                entry: self.entry,
                deduplication_key: self.key,
                answer,
                span: Span::current(),
            };
            self.state.queue.push(submission, announcement.take())?;
            match answered.await.map_err(|_| self.state.read_only())?? {
                Outcome::Included(included) => return included.verified(),
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
        self.state.known.find_if_possible(&self.state.name, &key)
    }

    /// The entry of an index, proven, if the submitted one, sealed as it was, is the same.
    async fn as_duplicate(&self, index: u64) -> Result<Option<Included>, Error> {
        self.state.wait_until_published(index).await?;
        let checkpoint = self.state.published();
        let size = checkpoint.head.size;
        let tree = self.state.tree.at(size);
        let Some(entry) = tree.entry(index).await? else {
            return Ok(None);
        };
        let time_millis = self.state.known.sealed_at(&entry);
        let leaf_index = LeafIndex::new(index);
        let Ok(sealed) = self.entry.seal(leaf_index, time_millis) else {
            return Ok(None);
        };
        if sealed.bundle != entry.bundle {
            return Ok(None);
        }
        let duplicate = Included {
            leaf_index,
            time_millis,
            proof: tree.inclusion_proof(leaf_index, size).await?,
            checkpoint,
            is_duplicate: true,
            leaf_hash: sealed.leaf_hash,
            entry,
        };
        duplicate.verified().map(Some)
    }
}
