use std::sync::Arc;

use bytes::Bytes;
use sigstead_entry::VerifiedEntry;
use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex};
use sigstead_sequencer::{Announced, PendingEntry, PublishedHead, SealError, SealedEntry};

use crate::error::Error;
use crate::frame::unframed;
use crate::log::TransparencyLog;

impl TransparencyLog {
    /// Logs an entry, and answers once a published checkpoint covers it. An entry that is in the log
    /// already is answered with its place: clients send again what they got no answer for.
    pub(crate) async fn append(
        &self,
        verified: &VerifiedEntry,
        announced: Announced<'_>,
    ) -> Result<LogEntry, Error> {
        let pending = PendingRekord::try_from(verified)?;
        let included = announced.add(Box::new(pending)).await?;
        self.metrics.count_entry(included.is_duplicate);
        tracing::debug!(
            origin = %self.origin(), leaf_index = %included.leaf_index,
            is_duplicate = included.is_duplicate, "an entry is in the log"
        );
        Ok(LogEntry {
            log_id: self.log_id(),
            leaf_index: included.leaf_index,
            proof: included.proof,
            checkpoint: included.checkpoint,
            canonical_body: unframed(&included.entry.bundle),
        })
    }
}

/// An entry of a log, with the proof that it is there.
pub(crate) struct LogEntry {
    pub(crate) log_id: [u8; 32],
    pub(crate) leaf_index: LeafIndex,
    pub(crate) proof: InclusionProof,
    /// The signed head that the proof leads to.
    pub(crate) checkpoint: Arc<PublishedHead>,
    pub(crate) canonical_body: Bytes,
}

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
