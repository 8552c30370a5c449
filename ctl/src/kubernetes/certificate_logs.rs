//! The logs of certificates as their pod has them, and those of them that the authority enters certificates into.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sigstead_config::Origin;
use sigstead_config::ca::CtLogConfig;
use sigstead_config::ctlog::LogConfig;
use time::OffsetDateTime;

use super::logs::each_has_its_own;
use super::mounted::{ANCHORS, DATA, mounted_key, place};
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, Service};
use crate::{key_files, log_configs, trust};

/// All logs of `ctlog`, those too that were opened while it ran, and what the authority is told of them.
pub(super) struct CertificateLogs {
    first: LogConfig,
    others: Vec<LogConfig>,
    used: Vec<UsedLog>,
}

/// A log that the authority enters certificates into, as the values of the chart have it: only the release knows its address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsedLog {
    id: String,
    public_key: String,
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    ends_from: Option<OffsetDateTime>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    ends_until: Option<OffsetDateTime>,
    #[serde(skip)]
    file: PathBuf,
}

/// What the file of `ctlog` says of its logs.
#[derive(Serialize)]
pub(super) struct CtlogConfig {
    origin: Origin,
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    ends_from: Option<OffsetDateTime>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    ends_until: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logs: Vec<LogConfig>,
}

impl CertificateLogs {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let mut logs = log_configs::certificate_logs(instance)?.into_iter();
        let first = logs.next().ok_or_else(|| {
            let folder = instance.service(Service::Ctlog);
            Failure::file("read", &folder, "it describes no log")
        })?;
        let logs = Self {
            first,
            others: logs.collect(),
            used: used(instance)?,
        };
        logs.check()?;
        Ok(logs)
    }

    /// The first log is where the chart has it; the others have the names of their folders beside it.
    fn check(&self) -> Result<(), Failure> {
        let first = std::iter::once(Path::new(FIRST_DATA));
        let data = self.others.iter().map(|log| log.data.as_path());
        each_has_its_own(Service::Ctlog, first.chain(data))?;
        let first = std::iter::once(Path::new(FIRST_ANCHOR));
        let anchors = self.others.iter().map(|log| log.anchor.as_path());
        each_has_its_own(Service::Ctlog, first.chain(anchors))?;
        let logs = std::iter::once(&self.first).chain(&self.others);
        let keys: Result<Vec<_>, _> = logs.map(|log| key_files::path(&log.key)).collect();
        each_has_its_own(Service::Ctlog, keys?.into_iter())?;
        let public_keys = self.used.iter().map(|log| log.file.as_path());
        each_has_its_own(Service::Ca, public_keys)
    }

    /// The key files of the logs.
    pub(super) fn keys(&self, instance: &Instance) -> Result<Vec<PathBuf>, Failure> {
        let folder = instance.service(Service::Ctlog);
        let logs = std::iter::once(&self.first).chain(&self.others);
        logs.map(|log| Ok(folder.join(key_files::path(&log.key)?)))
            .collect()
    }

    /// What the authority verifies the promises of its logs with.
    pub(super) fn public_keys(&self, instance: &Instance) -> Vec<PathBuf> {
        let folder = instance.service(Service::Ca);
        self.used.iter().map(|log| folder.join(&log.file)).collect()
    }

    /// What the values say below `ctlog.config` and as `ca.ctLogs`.
    pub(super) fn mounted(self) -> Result<(CtlogConfig, Vec<UsedLog>), Failure> {
        let others = self.others.into_iter().map(mounted);
        let config = CtlogConfig {
            origin: self.first.origin,
            ends_from: self.first.ends_from,
            ends_until: self.first.ends_until,
            logs: others.collect::<Result<_, _>>()?,
        };
        Ok((config, self.used))
    }
}

fn mounted(log: LogConfig) -> Result<LogConfig, Failure> {
    Ok(LogConfig {
        key: mounted_key(&log.key)?,
        data: place(DATA, &log.data),
        anchor: place(ANCHORS, &log.anchor),
        ..log
    })
}

fn used(instance: &Instance) -> Result<Vec<UsedLog>, Failure> {
    let state = trust::read_state(instance)?;
    let is_own = |id: &[u8]| {
        let mut logs = state.certificate_logs.iter();
        logs.any(|log| log.log_id.as_slice() == id)
    };
    let logs = log_configs::logs_of_authority(instance)?;
    let logs = logs.logs().iter().map(|log| {
        let id = log_configs::id_of_log(instance, log)?;
        match is_own(&id) {
            true => Ok(UsedLog::of(log, &id)),
            false => Err(foreign(log)),
        }
    });
    logs.collect()
}

impl UsedLog {
    fn of(log: &CtLogConfig, id: &[u8]) -> Self {
        let name = log.public_key.file_name().unwrap_or_default();
        Self {
            id: hex::encode(id),
            public_key: name.to_string_lossy().into_owned(),
            ends_from: log.ends_from,
            ends_until: log.ends_until,
            file: log.public_key.clone(),
        }
    }
}

fn foreign(log: &CtLogConfig) -> Failure {
    Failure::new(
        "E-CTL-530",
        format!(
            "the authority enters certificates into {}, which is no log of the instance",
            log.url
        ),
        "the release knows the addresses of its own logs alone: take the log out of the files of the authority, and write all \
         logs into ca.config.ct_log of the values by hand",
    )
    .exit(Exit::Refused)
}

/// Where the values of the chart have the first log.
const FIRST_DATA: &str = "log";
const FIRST_ANCHOR: &str = "ctlog";
