//! What an operator does with the logs.

use std::sync::Arc;

use sigstead_config::ctlog::LogConfig;
use sigstead_config::opened_logs;
use sigstead_sequencer::PauseReason;

use super::{CtLogs, check_keys_differ};
use crate::error::Error;
use crate::log::{CtLog, KeyedLog};

impl CtLogs {
    /// Opens one more log and remembers it for the next start. When it fails it can be repeated: the files of the log are
    /// free again.
    pub(crate) async fn open_log(&self, yaml: &str) -> Result<Arc<CtLog>, Error> {
        let config: LogConfig = opened_logs::parse(yaml)?;
        let mut opened = self.changing.lock().await;
        let keyed = KeyedLog::open(&config).await?;
        if opened.knows(&config) {
            return Err(Error::LogExists(keyed.origin));
        }
        opened.check(&config)?;
        let before = self.all();
        for other in before.iter() {
            check_keys_differ((&other.origin, other.public_key()), &keyed)?;
        }
        let description = opened.write_down(&config)?;
        keyed.begin_anchor()?;
        let log = keyed.open_files(Arc::clone(&self.acceptance), Arc::clone(&self.clock));
        let log = Arc::new(log.await?);
        if let Err(error) = opened.remember(description) {
            log.log.shutdown().await;
            return Err(error.into());
        }
        self.publish(&before, &log);
        tracing::info!(origin = %log.origin, "a log was opened");
        Ok(log)
    }

    fn publish(&self, before: &[Arc<CtLog>], log: &Arc<CtLog>) {
        let logs = before.iter().chain([log]).cloned().collect();
        self.all.store(Arc::new(logs));
        self.changed.notify_one();
        let origin = log.origin.as_str();
        if let Err(error) = log.metrics.show(&self.registry, origin, log.log.clone()) {
            tracing::warn!(origin, %error, "the log is open without metrics");
        }
    }

    /// Ends a log beside which another one takes certificates; to end one that is frozen changes nothing.
    pub(crate) async fn freeze(&self, origin: &str) -> Result<Arc<CtLog>, Error> {
        // No log may end or join in between.
        let _changing = self.changing.lock().await;
        let log = self.by_origin(origin)?;
        if log.is_frozen() {
            return Ok(log);
        }
        let logs = self.all();
        let mut others = logs.iter().filter(|other| !Arc::ptr_eq(other, &log));
        if !others.any(|other| other.log.health().takes_none_because().is_none()) {
            return Err(Error::NoSuccessor(log.origin.clone()));
        }
        log.log.freeze().await?;
        tracing::info!(%origin, "the log was frozen");
        Ok(log)
    }

    /// Lets a log take no certificates until [`Self::resume`], also after a restart.
    pub(crate) async fn pause(
        &self,
        origin: &str,
        reason: &PauseReason,
    ) -> Result<Arc<CtLog>, Error> {
        let log = self.by_origin(origin)?;
        log.log.pause(reason).await?;
        tracing::info!(%origin, reason = reason.as_str(), "the log was paused");
        Ok(log)
    }

    /// Lets a log take certificates again.
    pub(crate) async fn resume(&self, origin: &str) -> Result<Arc<CtLog>, Error> {
        let log = self.by_origin(origin)?;
        log.log.resume().await?;
        tracing::info!(%origin, "the log was resumed");
        Ok(log)
    }
}
