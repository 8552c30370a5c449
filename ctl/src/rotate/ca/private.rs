//! What a certificate authority issues that nobody else knows.

use std::path::{Path, PathBuf};

use reqwest::Client;
use sigstead_config::ca::{Config, CtLogConfig, CtLogs};
use sigstead_kit::{Listeners, TlsConfig};
use sigstead_signer::KeyConfig;
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use super::tokens::TrialIssuer;
use crate::cluster::Submission;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::log_configs;
use crate::rotate::authority::{Authority, ChainPlan, Owner, start_private};
use crate::rotate::moment::now;
use crate::sign;

/// A certificate, and in how many logs it must be.
pub(in crate::rotate) struct Issued {
    pub(super) certificate: Certificate,
    pub(super) logs: usize,
}

/// With which key a trial issues.
pub(in crate::rotate) struct Issuing<'a> {
    /// The role that is rotated.
    pub(in crate::rotate) role: &'static str,
    /// The key, as the service names it.
    pub(in crate::rotate) key: KeyConfig,
    /// Its chain, in the folder of the service.
    pub(in crate::rotate) chain: PathBuf,
    /// All else is as the running service has it.
    pub(in crate::rotate) running: &'a Config,
}

/// A certificate of the next key through each log that takes certificates now, so that none of them refuses the chain when it
/// is in use.
pub(super) async fn issue<A: Authority>(
    instance: &Instance,
    client: &Client,
    plan: &ChainPlan<A>,
    running: &Config,
) -> Result<Vec<Issued>, Failure> {
    let end = now() + running.certificate_lifetime.time();
    let used = log_configs::logs_of_authority(instance)?;
    let live = used.logs().iter().filter(|log| takes(log, end));
    let mut trials: Vec<_> = live.map(|log| CtLogs::Logs(vec![log.clone()])).collect();
    if trials.is_empty() {
        trials.push(CtLogs::None);
    }
    let issuing = Issuing {
        role: A::ROLE,
        key: plan.key_config(instance),
        chain: plan.chain(),
        running,
    };
    let mut issued = Vec::new();
    for logs in trials {
        issued.push(Issued {
            logs: logs.logs().len(),
            certificate: certificate(instance, client, &issuing, logs).await?,
        });
    }
    Ok(issued)
}

/// A certificate that is entered into these logs.
pub(in crate::rotate) async fn certificate(
    instance: &Instance,
    client: &Client,
    issuing: &Issuing<'_>,
    logs: CtLogs,
) -> Result<Certificate, Failure> {
    let issuer = TrialIssuer::new()?;
    let name = logs.logs().first().map(|log| log.url.to_string());
    let way = Submission::open(instance).await?;
    let logs = match (&way, logs) {
        (Some(way), CtLogs::Logs(logs)) => {
            let logs = logs.into_iter().map(|log| way.to(instance, log));
            CtLogs::Logs(logs.collect::<Result<_, _>>()?)
        }
        (_, logs) => logs,
    };
    let configure = |listeners, folder: &Path| {
        let file = folder.join("issuers.yaml");
        sigstead_durable::replace(&file, issuer.file()?.as_bytes())
            .map_err(|error| Failure::file("write", &file, error))?;
        config(instance, issuing, (listeners, folder, logs))
    };
    let owner = Owner {
        role: issuing.role,
        service: Service::Ca,
    };
    let service = start_private(instance, client, owner, configure).await?;
    let token = issuer.token().await?;
    let certificate = sign::certificate(client, &service.url, &token).await;
    certificate.map_err(|why| not_issued(issuing.role, name, &why))
}

/// Whether a log takes certificates that end at a time.
fn takes(log: &CtLogConfig, end: OffsetDateTime) -> bool {
    log.ends_from.is_none_or(|from| from <= end) && log.ends_until.is_none_or(|until| end < until)
}

fn config(
    instance: &Instance,
    issuing: &Issuing<'_>,
    (listeners, place, logs): (Listeners, &Path, CtLogs),
) -> Result<Config, Failure> {
    let folder = instance.service(Service::Ca);
    let logs = match logs {
        CtLogs::None => CtLogs::None,
        CtLogs::Logs(logs) => CtLogs::Logs(logs.into_iter().map(|log| at(&folder, log)).collect()),
    };
    let mut config = Config {
        listeners,
        key: issuing.key.in_folder(&folder),
        chain: folder.join(&issuing.chain),
        successors_file: None,
        issuers: place.join("issuers.yaml"),
        ct_log: logs,
        ct_log_file: None,
        ..issuing.running.clone()
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

fn not_issued(role: &str, log: Option<String>, why: &Failure) -> Failure {
    let log = log.map(|url| format!(" and enter it into the log at {url}"));
    Failure::new(
        "E-CTL-300",
        format!(
            "a service with what is next could not issue a certificate{}; nothing was published",
            log.unwrap_or_default()
        ),
        format!("the cause says who refused; mend it and go on: sigctl rotate {role} resume"),
    )
    .because(why.whole())
}
