use bytes::Bytes;
use sigstead_entry::v1::{SearchTerm, VerifiedEntry};
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_sequencer::{PendingEntry, SealError, SealedEntry};

use crate::error::Error;
use crate::side::Side;

/// The entry as it will stand in its bundle.
pub(crate) struct PendingV1Entry {
    framed: Bytes,
    pub(crate) leaf_hash: LeafHash,
    terms: Vec<SearchTerm>,
}

impl TryFrom<&VerifiedEntry> for PendingV1Entry {
    type Error = Error;

    fn try_from(verified: &VerifiedEntry) -> Result<Self, Error> {
        Ok(Self {
            framed: sigstead_tiles::frame(verified.canonical_body())?.into(),
            leaf_hash: verified.leaf_hash(),
            terms: verified.terms_beside_body(),
        })
    }
}

impl PendingEntry for PendingV1Entry {
    fn deduplication_key(&self) -> Option<[u8; 32]> {
        Some(*self.leaf_hash.as_bytes())
    }

    fn seal(&self, _index: LeafIndex, time_millis: u64) -> Result<SealedEntry, SealError> {
        let side = Side {
            integrated_time: seconds(time_millis),
            terms: self.terms.clone(),
        };
        Ok(SealedEntry {
            bundle: self.framed.clone(),
            leaf_hash: self.leaf_hash,
            side: side.encode(),
        })
    }
}

/// Whole seconds, as version 1 counts them.
pub(crate) const fn seconds(millis: u64) -> u64 {
    millis / 1000
}
