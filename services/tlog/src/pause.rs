use std::sync::Arc;

use sigstead_sequencer::PauseReason;

use crate::error::Error;
use crate::log::TransparencyLog;
use crate::logs::TransparencyLogs;

/// What an operator decides for a time.
impl TransparencyLogs {
    /// Lets a log take no entries until [`Self::resume_log`]. It is not asked whether another one takes them: that there
    /// is none for a while may be what the operator wants.
    pub(crate) async fn pause_log(
        &self,
        origin: &str,
        reason: &PauseReason,
    ) -> Result<Arc<TransparencyLog>, Error> {
        let log = self.current().by_origin(origin)?;
        log.log.pause(reason).await?;
        tracing::info!(%origin, reason = reason.as_str(), "a log was paused");
        Ok(log)
    }

    /// Lets a log take entries again.
    pub(crate) async fn resume_log(&self, origin: &str) -> Result<Arc<TransparencyLog>, Error> {
        let log = self.current().by_origin(origin)?;
        log.log.resume().await?;
        tracing::info!(%origin, "a log was resumed");
        Ok(log)
    }

    /// Which logs are paused, and why. It makes the service not unready: reads go on, and the operator wants it so.
    pub(crate) fn pauses(&self) -> Option<String> {
        let logs = self.current().all();
        let pauses: Vec<_> = logs.iter().filter_map(|log| log.pause()).collect();
        (!pauses.is_empty()).then(|| pauses.join("; "))
    }
}

impl TransparencyLog {
    /// That its operator lets it take no entries, if he does.
    pub(crate) fn pause(&self) -> Option<String> {
        let reason = self.log.health().paused?;
        Some(format!("{} is paused: {reason}", self.origin()))
    }
}
