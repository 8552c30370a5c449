use std::sync::Arc;

use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex};

use crate::entry::RecordedEntry;
use crate::error::Error;
use crate::head::published::PublishedHead;

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

impl Included {
    /// Nothing is answered that the client could not verify. Costs some hashes, so it belongs on the caller's own task.
    pub(crate) fn verified(self) -> Result<Self, Error> {
        let root = &self.checkpoint.head.root;
        let verified = self.proof.verify(&self.leaf_hash, root);
        verified.map_err(|why| Error::Inconsistent {
            why: format!("an answer does not verify: {why}"),
        })?;
        Ok(self)
    }
}
