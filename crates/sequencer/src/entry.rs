use bytes::Bytes;
use sigstead_journal::RoundEntry;
use sigstead_merkle::{LeafHash, LeafIndex};

/// An entry on its way into a log.
pub trait PendingEntry: Send + Sync + 'static {
    /// What a duplicate of this entry has in common with it: a full SHA-256, or `None` when duplicates are wanted.
    ///
    /// It MUST be what [`LeafFormat::read`](crate::LeafFormat::read) finds for the stored entry. Two entries of one key are compared as a whole
    /// before one is taken for the other, so a collision costs nothing but time.
    fn deduplication_key(&self) -> Option<[u8; 32]>;

    /// The entry as it stands in the log under this index and time.
    ///
    /// It MUST depend on nothing else: for a duplicate it is called with the original's index and time, and what it
    /// answers is compared with what is stored. It runs on the log's thread, so costly checks belong before it.
    ///
    /// # Errors
    /// Whatever makes the entry unfit for the log; no index is used up then.
    fn seal(&self, index: LeafIndex, time_millis: u64) -> Result<SealedEntry, SealError>;
}

/// Why an entry could not be sealed.
pub type SealError = Box<dyn std::error::Error + Send + Sync>;

/// An entry with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// The bytes as they stand in the entry bundle, framing included.
    pub bundle: Bytes,
    /// The entry's leaf hash; checked against `bundle` before the entry is committed.
    pub leaf_hash: LeafHash,
    /// What belongs to the entry and is not in its leaf; kept beside it for ever.
    pub side: Vec<u8>,
}

/// What a log holds for one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEntry {
    /// The bytes as they stand in the entry bundle, framing included.
    pub bundle: Bytes,
    /// What belongs to the entry and is not in its leaf.
    pub side: Bytes,
}

impl RecordedEntry {
    /// How many bytes of memory it holds.
    pub(crate) fn length(&self) -> u64 {
        (self.bundle.len() + self.side.len()) as u64
    }
}

/// Cheap, because the bytes are shared.
impl From<&RoundEntry> for RecordedEntry {
    fn from(entry: &RoundEntry) -> Self {
        Self {
            bundle: entry.bundle.clone(),
            side: entry.side.clone(),
        }
    }
}
