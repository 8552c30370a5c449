use bytes::Bytes;
use sigstead_entry::VerifiedEntry;
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_sequencer::{PendingEntry, SealError, SealedEntry};

use crate::error::Error;

/// The entry as it will stand in its bundle.
pub(crate) struct PendingRekord {
    framed: Bytes,
    leaf_hash: LeafHash,
}

impl TryFrom<&VerifiedEntry> for PendingRekord {
    type Error = Error;

    fn try_from(verified: &VerifiedEntry) -> Result<Self, Error> {
        Ok(Self {
            framed: sigstead_tiles::frame(verified.canonical_body())?.into(),
            leaf_hash: verified.leaf_hash(),
        })
    }
}

impl PendingEntry for PendingRekord {
    fn deduplication_key(&self) -> Option<[u8; 32]> {
        Some(*self.leaf_hash.as_bytes())
    }

    // Leaves of Rekor v2 hold neither index nor time.
    fn seal(&self, _index: LeafIndex, _time_millis: u64) -> Result<SealedEntry, SealError> {
        Ok(SealedEntry {
            bundle: self.framed.clone(),
            leaf_hash: self.leaf_hash,
            side: Vec::new(),
        })
    }
}
