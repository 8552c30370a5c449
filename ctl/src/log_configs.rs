//! The logs of an instance as the configurations of its services describe them, whether these run or not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sigstead_config::{ca, ctlog, opened_logs, tlog};
use sigstead_key::PublicKey;
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The logs of Rekor v1 and v2, in the order in which they were opened.
pub(crate) fn signature_logs(instance: &Instance) -> Result<Vec<tlog::LogConfig>, Failure> {
    signature_logs_of(&instance.service(Service::Tlog))
}

/// Those of the service whose configuration is in a folder.
pub(crate) fn signature_logs_of(folder: &Path) -> Result<Vec<tlog::LogConfig>, Failure> {
    let config: tlog::Config = read(&folder.join("config.yaml"))?;
    let mut logs = config.logs;
    if let Some(opened) = &config.opened_logs {
        for file in opened_in(&folder.join(opened))? {
            logs.push(read(&file)?);
        }
    }
    Ok(logs)
}

/// The identifier of a log that the authority enters certificates into, of its public key.
pub(crate) fn id_of_log(instance: &Instance, log: &ca::CtLogConfig) -> Result<[u8; 32], Failure> {
    let path = instance.service(Service::Ca).join(&log.public_key);
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", &path, error);
    let pem = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
    let key = PublicKey::from_pem(&pem).map_err(|error| failed(&error))?;
    Ok(*key.log_id().as_bytes())
}

/// The certificate transparency logs, in the order in which they were opened; none of an instance that has none of its own.
pub(crate) fn certificate_logs(instance: &Instance) -> Result<Vec<ctlog::LogConfig>, Failure> {
    if !instance.manifest.ct_log.is_own() {
        return Ok(Vec::new());
    }
    certificate_logs_of(&instance.service(Service::Ctlog))
}

/// Those of the service whose configuration is in a folder.
pub(crate) fn certificate_logs_of(folder: &Path) -> Result<Vec<ctlog::LogConfig>, Failure> {
    let config: ctlog::Config = read(&folder.join("config.yaml"))?;
    let mut logs = config.described_logs();
    if let Some(opened) = &config.opened_logs {
        for file in opened_in(&folder.join(opened))? {
            logs.push(read(&file)?);
        }
    }
    Ok(logs)
}

/// Until when the certificates end that each log takes, by the name of the log; those that take all are not among them.
pub(crate) fn windows(instance: &Instance) -> Result<BTreeMap<String, OffsetDateTime>, Failure> {
    let logs = certificate_logs(instance)?.into_iter();
    let windows = logs.filter_map(|log| Some((log.origin.to_string(), log.ends_until?)));
    Ok(windows.collect())
}

/// The logs that the authority enters certificates into now.
pub(crate) fn logs_of_authority(instance: &Instance) -> Result<ca::CtLogs, Failure> {
    let folder = instance.service(Service::Ca);
    let mut config: ca::Config = read(&folder.join("config.yaml"))?;
    config.ct_log_file = config.ct_log_file.map(|file| folder.join(file));
    let logs = config.ct_logs();
    let logs =
        logs.map_err(|error| Failure::file("read", &folder, sigstead_kit::causes(&error)))?;
    match (&instance.manifest.cluster, logs) {
        (Some(_), ca::CtLogs::Logs(logs)) => Ok(ca::CtLogs::Logs(
            logs.into_iter()
                .map(|log| from_here(instance, log))
                .collect(),
        )),
        (_, logs) => Ok(logs),
    }
}

/// A log as this machine reaches it, where the services run elsewhere: by the name that clients have.
fn from_here(instance: &Instance, log: ca::CtLogConfig) -> ca::CtLogConfig {
    let path = log.url.path().to_owned();
    match instance.manifest.url(Service::Ctlog).parse::<url::Url>() {
        Ok(mut url) => {
            url.set_path(&path);
            ca::CtLogConfig { url, ..log }
        }
        Err(_) => log,
    }
}

/// The descriptions of logs that were opened while the service ran.
fn opened_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let found = opened_logs::descriptions(folder);
    found.map_err(|error| Failure::file("read", folder, sigstead_kit::causes(&error)))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    sigstead_kit::read_config(path).map_err(|error| Failure::file("read", path, error))
}
