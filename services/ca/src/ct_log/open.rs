use std::sync::Arc;

use sigstead_config::ca::{Config, CtLogConfig};

use super::logs::{CtLog, CtLogs, Ends};
use super::reached::ReachedLog;
use crate::Error;
use crate::files::read_log_key;

/// The logs of a configuration, and how they are reached.
pub(crate) async fn open(config: &Config) -> Result<(CtLogs, Vec<Arc<ReachedLog>>), Error> {
    let (mut logs, mut reached) = (Vec::new(), Vec::new());
    for log in config.ct_log.logs() {
        let key = read_log_key(&log.public_key).await?;
        let there = Arc::new(ReachedLog::open(&config.client, log).await?);
        logs.push(CtLog::new(there.client.clone(), key, ends(log)));
        reached.push(there);
    }
    Ok((CtLogs::new(logs), reached))
}

/// Whether one of the logs answers: one is enough for a certificate.
///
/// # Errors
/// Why the last one did not.
pub(crate) async fn probe_any(logs: Vec<Arc<ReachedLog>>) -> Result<(), String> {
    let mut outcome = Ok(());
    for log in logs {
        match log.client.probe().await {
            Ok(()) => return Ok(()),
            Err(error) => outcome = Err(sigstead_kit::causes(&error)),
        }
    }
    outcome
}

fn ends(log: &CtLogConfig) -> Ends {
    Ends {
        from: log.ends_from,
        until: log.ends_until,
    }
}
