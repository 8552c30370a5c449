use std::sync::Arc;

use crate::error::{AdminError, Error};
use crate::log::TransparencyLog;
use crate::logs::TransparencyLogs;

/// Why an operator pauses a log: one line, for everybody who sends an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PauseReason(Arc<str>);

impl PauseReason {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let is_line = (1..=MOST_BYTES).contains(&text.len()) && !text.contains(char::is_control);
        if !is_line {
            return Err(AdminError::PauseReason.into());
        }
        Ok(Self(text.into()))
    }
}

/// What an operator decides for a time.
impl TransparencyLogs {
    /// Lets a log take no entries until [`Self::resume_log`]. It is not asked whether another one takes them: that there
    /// is none for a while may be what the operator wants.
    pub(crate) async fn pause_log(
        &self,
        origin: &str,
        reason: PauseReason,
    ) -> Result<Arc<TransparencyLog>, Error> {
        let log = self.current().by_origin(origin)?;
        log.log.pause(Arc::clone(&reason.0)).await?;
        tracing::info!(%origin, reason = %reason.0, "a log was paused");
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

/// It is part of each refusal.
const MOST_BYTES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line() {
        let longest = "x".repeat(MOST_BYTES);
        for text in ["the disk is moved", " again ", "für heute", &longest] {
            assert_eq!(&*PauseReason::parse(text).unwrap().0, text.trim());
        }
        let longer = format!("{longest}x");
        for text in ["", "  ", "a\nb", "a\u{1b}[2Jb", &longer] {
            let refused = PauseReason::parse(text);
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("one line"), "{text:?}: {said}");
        }
    }
}
