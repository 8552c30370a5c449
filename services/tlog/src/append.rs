use std::sync::Arc;

use bytes::Bytes;
use sigstead_entry::VerifiedEntry;
use sigstead_merkle::{InclusionProof, LeafIndex};
use sigstead_sequencer::{Announced, PublishedHead};

use crate::error::Error;
use crate::frame::unframed;
use crate::log::TransparencyLog;
use crate::pending::PendingRekord;

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
