//! What an operator decides for a time.

use sigstead_sequencer::PauseReason;

use crate::CtLog;
use crate::error::Error;

impl CtLog {
    /// Lets the log take no certificates until [`Self::resume`], also after a restart.
    pub(crate) async fn pause(&self, origin: &str, reason: &PauseReason) -> Result<(), Error> {
        self.check_name(origin)?;
        self.log.pause(reason).await?;
        tracing::info!(%origin, reason = reason.as_str(), "the log was paused");
        Ok(())
    }

    /// Lets the log take certificates again.
    pub(crate) async fn resume(&self, origin: &str) -> Result<(), Error> {
        self.check_name(origin)?;
        self.log.resume().await?;
        tracing::info!(%origin, "the log was resumed");
        Ok(())
    }

    /// That the log is paused, and why. It makes the service not unready: reads go on, and the operator wants it so.
    pub(crate) fn warning(&self) -> Option<String> {
        let reason = self.log.health().paused?;
        Some(format!("{} is paused: {reason}", self.origin))
    }

    fn check_name(&self, origin: &str) -> Result<(), Error> {
        if origin == self.origin.as_str() {
            return Ok(());
        }
        Err(Error::LogUnknown(origin.to_owned()))
    }
}
