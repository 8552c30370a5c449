//! Configuration of the transparency log of signing events.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use kit::{Listeners, Period, ServiceConfig, TelemetryConfig};
use serde::{Deserialize, Serialize};
use signer::KeyConfig;

use crate::Origin;

/// The file of the `tlog` service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The logs of the process. A request for the host name of a log's origin goes to that log, any
    /// other to the first.
    pub logs: Vec<LogConfig>,
}

/// One log: one tree, one key, one origin.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// The interface that the log offers and the format of its leaves. It never changes.
    pub face: Face,
    /// The name of the log in its checkpoints; clients compare it with the host name of the log's
    /// `baseUrl` in the trust root. It never changes.
    pub origin: Origin,
    /// The key that signs checkpoints. No two logs may share one: clients find a log by the hash
    /// of its key. It never changes: a new key is a new log.
    pub key: KeyConfig,
    /// The directory of journal and tiles. It belongs to one process and one log; losing it ends
    /// the log.
    pub data: PathBuf,
    /// The file that remembers the newest published checkpoint, on another disk or at least
    /// outside of `data`, so that a restored older copy of `data` is noticed.
    pub anchor: PathBuf,
    /// Shortest time between two rounds. Default `0s`: a round begins when the last one is durable.
    /// Raise it where each signature costs money or time; every entry waits for it.
    #[serde(default = "no_interval")]
    pub min_round_interval: Period,
}

/// The interface of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Face {
    /// Rekor v2: tiles, entries of kind `hashedrekord` 0.0.2.
    #[serde(rename = "rekor-v2")]
    RekorV2,
}

impl Config {
    /// A configuration with every default.
    #[must_use]
    pub fn new(listeners: Listeners, logs: Vec<LogConfig>) -> Self {
        Self {
            listeners,
            telemetry: TelemetryConfig::default(),
            logs,
        }
    }
}

impl LogConfig {
    /// A log with every default.
    #[must_use]
    pub fn new(face: Face, origin: Origin, key: KeyConfig, data: PathBuf, anchor: PathBuf) -> Self {
        Self {
            face,
            origin,
            key,
            data,
            anchor,
            min_round_interval: no_interval(),
        }
    }
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn check(&self) -> Result<(), String> {
        if self.logs.is_empty() {
            return Err("logs is empty; name at least one log".to_owned());
        }
        let (mut origins, mut folders) = (HashSet::new(), HashSet::new());
        for log in &self.logs {
            check_anchor(&log.data, &log.anchor)?;
            if !origins.insert(&log.origin) {
                return Err(format!(
                    "two logs have the origin {}; each needs its own",
                    log.origin
                ));
            }
            if !folders.insert(&log.data) {
                let data = log.data.display();
                return Err(format!(
                    "two logs have the data directory {data}; each needs its own"
                ));
            }
        }
        Ok(())
    }
}

pub(crate) fn no_interval() -> Period {
    Period::from_seconds(0)
}

pub(crate) fn check_anchor(data: &Path, anchor: &Path) -> Result<(), String> {
    if anchor.starts_with(data) {
        return Err(format!(
            "anchor {} lies in data {}, so that a restore would restore both; move it out",
            anchor.display(),
            data.display()
        ));
    }
    Ok(())
}
