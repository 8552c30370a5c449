//! What a certificate authority issues that nobody else knows, with the next key as its only one.

use std::path::Path;

use reqwest::Client;
use sigstead_config::ca::{Config, CtLogConfig, CtLogs};
use sigstead_kit::{Listeners, TlsConfig};
use sigstead_signer::KeyConfig;
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use super::tokens::TrialIssuer;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::rotate::authority::{Authority, ChainPlan, start_private};
use crate::rotate::moment::now;
use crate::sign;

/// A certificate, and in how many logs it must be.
pub(in crate::rotate) struct Issued {
    pub(super) certificate: Certificate,
    pub(super) logs: usize,
}

/// A certificate through each log that takes certificates now, so that none of them refuses the chain when it is in use.
pub(super) async fn issue<A: Authority>(
    instance: &Instance,
    client: &Client,
    plan: &ChainPlan<A>,
    running: &Config,
) -> Result<Vec<Issued>, Failure> {
    let end = now() + running.certificate_lifetime.time();
    let live = running.ct_log.logs().iter().filter(|log| takes(log, end));
    let mut trials: Vec<_> = live.map(|log| CtLogs::Logs(vec![log.clone()])).collect();
    if trials.is_empty() {
        trials.push(CtLogs::None);
    }
    let issuer = TrialIssuer::new()?;
    let mut issued = Vec::new();
    for logs in trials {
        let logged = logs.logs().len();
        let name = logs.logs().first().map(|log| log.url.to_string());
        let configure = |listeners, folder: &Path| {
            let file = folder.join("issuers.yaml");
            sigstead_durable::replace(&file, issuer.file()?.as_bytes())
                .map_err(|error| Failure::file("write", &file, error))?;
            config(instance, plan, running, (listeners, folder, logs))
        };
        let service = start_private::<A, _>(instance, client, configure).await?;
        let token = issuer.token().await?;
        let certificate = sign::certificate(client, &service.url, &token).await;
        issued.push(Issued {
            certificate: certificate.map_err(|why| not_issued::<A>(name, &why))?,
            logs: logged,
        });
    }
    Ok(issued)
}

/// Whether a log takes certificates that end at a time.
fn takes(log: &CtLogConfig, end: OffsetDateTime) -> bool {
    log.ends_from.is_none_or(|from| from <= end) && log.ends_until.is_none_or(|until| end < until)
}

fn config<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    running: &Config,
    (listeners, place, logs): (Listeners, &Path, CtLogs),
) -> Result<Config, Failure> {
    let folder = instance.service(Service::Ca);
    let logs = match logs {
        CtLogs::None => CtLogs::None,
        CtLogs::Logs(logs) => CtLogs::Logs(logs.into_iter().map(|log| at(&folder, log)).collect()),
    };
    let mut config = Config {
        listeners,
        key: KeyConfig::file(folder.join(plan.key()), Some(instance.passphrase_file())),
        chain: folder.join(plan.chain()),
        successors_file: None,
        issuers: place.join("issuers.yaml"),
        ct_log: logs,
        ..running.clone()
    };
    config.record.path = place.join("record");
    Ok(config)
}

/// A log, whose files are named from another folder.
fn at(folder: &Path, log: CtLogConfig) -> CtLogConfig {
    CtLogConfig {
        public_key: folder.join(&log.public_key),
        ca: log.ca.map(|ca| folder.join(ca)),
        identity: log.identity.map(|pair| TlsConfig {
            certificate: folder.join(pair.certificate),
            key: folder.join(pair.key),
        }),
        ..log
    }
}

fn not_issued<A: Authority>(log: Option<String>, why: &Failure) -> Failure {
    let log = log.map(|url| format!(" and enter it into the log at {url}"));
    Failure::new(
        "E-CTL-300",
        format!(
            "a service with the next key could not issue a certificate{}; nothing was published",
            log.unwrap_or_default()
        ),
        format!(
            "the cause says who refused; mend it and go on: sigctl rotate {} resume",
            A::ROLE
        ),
    )
    .because(why.whole())
}
