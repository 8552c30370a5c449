use std::sync::Arc;

use sigstead_config::ca::{Config, CtLogConfig};

use super::{CtLog, CtLogs, Ends, HttpCtLog};
use crate::{Error, start};

/// The logs of a configuration, and their clients, for readiness.
pub(crate) async fn open(config: &Config) -> Result<(CtLogs, Vec<Arc<HttpCtLog>>), Error> {
    let (mut logs, mut clients) = (Vec::new(), Vec::new());
    for log in config.ct_log.logs() {
        let key = start::read_log_key(&log.public_key).await?;
        let client = start::ct_log_client(config, log).await?;
        let client = Arc::new(HttpCtLog::new(client, &log.url)?);
        logs.push(CtLog::new(client.clone(), key, ends(log)));
        clients.push(client);
    }
    Ok((CtLogs::new(logs), clients))
}

/// Whether one of the logs answers: one is enough for a certificate.
///
/// # Errors
/// Why the last one did not.
pub(crate) async fn probe_any(clients: Vec<Arc<HttpCtLog>>) -> Result<(), String> {
    let mut outcome = Ok(());
    for client in clients {
        match client.probe().await {
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
