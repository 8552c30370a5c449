use sigstead_entry::v1::VerifiedEntry;
use sigstead_sequencer::Announced;

use super::pending::{PendingV1Entry, seconds};
use super::{Placed, RekorV1Entry, Shard};
use crate::error::{AppendError, Error};
use crate::frame::unframed;

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
