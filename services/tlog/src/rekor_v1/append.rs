use bytes::Bytes;
use sigstead_entry::v1::{SearchTerm, VerifiedEntry};
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_sequencer::{Announced, PendingEntry, SealError, SealedEntry};

use super::{Placed, RekorV1Entry, Shard};
use crate::error::{AppendError, Error};
use crate::frame::unframed;
use crate::side::Side;

impl Shard {
    /// Logs an entry, and answers once a published checkpoint covers it. One that the shard has already is refused with
    /// its identifier, under which clients then fetch it.
    pub(crate) async fn append(
        &self,
        verified: &VerifiedEntry,
        announced: Announced<'_>,
    ) -> Result<RekorV1Entry, Error> {
        self.log.begin().await?;
        let pending = PendingV1Entry::try_from(verified)?;
        let leaf_hash = pending.leaf_hash;
        let included = announced.add(Box::new(pending)).await?;
        self.log.metrics.count_v1_entry(included.is_duplicate);
        if included.is_duplicate {
            return Err(AppendError::Equivalent(self.entry_id(leaf_hash)).into());
        }
        let origin = self.log.origin();
        tracing::debug!(%origin, leaf_index = %included.leaf_index, "an entry is in the log");
        self.promise(Placed {
            body: unframed(&included.entry.bundle),
            integrated_time: seconds(included.time_millis),
            leaf_hash,
            proof: included.proof,
            checkpoint: included.checkpoint,
        })
        .await
    }
}

/// The entry as it will stand in its bundle.
pub(crate) struct PendingV1Entry {
    framed: Bytes,
    leaf_hash: LeafHash,
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

const fn seconds(millis: u64) -> u64 {
    millis / 1000
}
