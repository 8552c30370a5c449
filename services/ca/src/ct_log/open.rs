use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use sigstead_config::ca::{self, Config, CtLogConfig};
use sigstead_kit::ClientConfig;
use tokio_util::sync::CancellationToken;

use super::logs::{CtLog, CtLogs, Ends};
use super::reached::ReachedLog;
use crate::Error;
use crate::files::read_log_key;

/// Which logs are in use, and the files that say so.
pub(crate) struct LogsInUse {
    config: Config,
    /// What was read last that could be used. A reading holds it, so that two never change over at once.
    named: tokio::sync::Mutex<ca::CtLogs>,
    /// The logs of `named`, written with it.
    reached: ArcSwap<Vec<Arc<ReachedLog>>>,
    /// Why the file of logs as it is now is not in use.
    complaint: Mutex<Option<String>>,
}

impl LogsInUse {
    /// The logs of a configuration, and how they are reached.
    pub(crate) async fn open(config: &Config) -> Result<(CtLogs, Self), Error> {
        let named = config.ct_logs().map_err(unreadable)?;
        let (logs, reached) = reach(&config.client, &named).await?;
        let in_use = Self {
            config: config.clone(),
            named: tokio::sync::Mutex::new(named),
            reached: ArcSwap::from_pointee(reached),
            complaint: Mutex::default(),
        };
        Ok((CtLogs::new(logs), in_use))
    }

    /// Takes what is in the files into use: other logs, or other certificates for those in use. Requests under way end with
    /// what they began with.
    pub(crate) async fn read_again(&self, logs: &CtLogs) -> Result<(), String> {
        let changed = self.take_others(logs).await;
        let changed = changed.map_err(|error| sigstead_kit::causes(&error));
        self.complain(changed.as_ref().err());
        let mut outcome = changed;
        for log in self.reached.load_full().iter() {
            outcome = outcome.and(log.read_again().await);
        }
        outcome
    }

    async fn take_others(&self, logs: &CtLogs) -> Result<(), Error> {
        let mut named = self.named.lock().await;
        let wanted = self.config.ct_logs().map_err(unreadable)?;
        if wanted == *named {
            return Ok(());
        }
        let (taken, reached) = reach(&self.config.client, &wanted).await?;
        logs.take(taken);
        self.reached.store(Arc::new(reached));
        let urls: Vec<_> = wanted.logs().iter().map(|log| log.url.as_str()).collect();
        tracing::info!(
            logs = urls.join(", "),
            "certificates are entered into other ct logs from now on"
        );
        *named = wanted;
        Ok(())
    }

    fn complain(&self, cause: Option<&String>) {
        let mut known = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(cause) = cause
            && known.as_ref() != Some(cause)
        {
            tracing::error!(
                "the changed file of ct logs cannot be used, those before stay in use: {cause}"
            );
        }
        *known = cause.cloned();
    }

    /// Why something as it is in the files now is not in use.
    pub(crate) fn complaint(&self) -> Option<String> {
        let known = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let of_file = known.clone();
        of_file.or_else(|| self.reached.load().iter().find_map(|log| log.complaint()))
    }

    /// Whether one of the logs answers: one is enough for a certificate.
    ///
    /// # Errors
    /// Why the last one did not.
    pub(crate) async fn probe_any(&self) -> Result<(), String> {
        let mut outcome = Ok(());
        for log in self.reached.load_full().iter() {
            match log.client.probe().await {
                Ok(()) => return Ok(()),
                Err(error) => outcome = Err(sigstead_kit::causes(&error)),
            }
        }
        outcome
    }

    /// Looks at the files until told to stop.
    pub(crate) async fn follow(&self, logs: &CtLogs, stop: CancellationToken) {
        let follow = async {
            loop {
                tokio::time::sleep(POLL).await;
                // What is wrong is logged once, and warned of for as long as it lasts.
                let _ = self.read_again(logs).await;
            }
        };
        stop.run_until_cancelled(follow).await;
    }
}

async fn reach(
    client: &ClientConfig,
    named: &ca::CtLogs,
) -> Result<(Vec<CtLog>, Vec<Arc<ReachedLog>>), Error> {
    let (mut logs, mut reached) = (Vec::new(), Vec::new());
    for log in named.logs() {
        let key = read_log_key(&log.public_key).await?;
        let there = Arc::new(ReachedLog::open(client, log).await?);
        logs.push(CtLog::new(there.client.clone(), key, ends(log)));
        reached.push(there);
    }
    Ok((logs, reached))
}

fn unreadable(error: sigstead_kit::ConfigError) -> Error {
    Error::CtLogFile(Box::new(error))
}

fn ends(log: &CtLogConfig) -> Ends {
    Ends {
        from: log.ends_from,
        until: log.ends_until,
    }
}

/// By polling, because a mounted secret is replaced by moving a symbolic link two folders above.
const POLL: Duration = Duration::from_secs(3);
