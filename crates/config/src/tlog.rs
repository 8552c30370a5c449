//! Configuration of the transparency log of signing events.

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::{ClientConfig, Listeners, Period, ServiceConfig, TelemetryConfig};
use sigstead_signer::KeyConfig;

use crate::Origin;
use crate::opened_logs::DescribedLog;

/// The file of the `tlog` service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The logs of the process, of each face the oldest first. A request of Rekor v2 goes to the log whose origin is the
    /// request's host name, else to the newest log of that face.
    pub logs: Vec<LogConfig>,
    /// A directory for logs that are opened while the service runs, one file each in the form of an entry of `logs`. They
    /// come after those of `logs`. Default: none, and no log can be opened without a restart.
    #[serde(default)]
    pub opened_logs: Option<PathBuf>,
}

/// One log: one tree, one key, one origin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// The interface that the log offers and the format of its leaves. It never changes.
    pub face: Face,
    /// The host name of the log in its checkpoints; clients compare it with the host name of the log's
    /// `baseUrl` in the trust root. It never changes. Shards of a Rekor v1 log have the same, a new log of Rekor v2 has
    /// a new one.
    pub origin: Origin,
    /// The number that tells the shards of a Rekor v1 log apart: random, not zero, below 2^63. It stands in entry
    /// identifiers and in the checkpoint's first line, and never changes. Only for `rekor-v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree_id: Option<NonZeroU64>,
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
    /// Who cosigns the checkpoints. Only for `rekor-v2`: clients of Rekor v1 refuse a checkpoint of two signatures.
    /// Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<WitnessConfig>,
    /// Whether the log begins without an entry of its own, so that a client's entry is the first one, which several
    /// clients cannot read. Only for tests of the service: no file can say it.
    #[serde(skip)]
    pub begins_empty: bool,
}

/// The witnesses of a log (C2SP tlog-witness).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// The file that names the witnesses and says which of them suffice (C2SP tlog-policy).
    pub policy: PathBuf,
    /// What happens to a checkpoint that too few of them cosign. Default `publish`.
    #[serde(default)]
    pub without_quorum: WithoutQuorum,
    /// Longest time that a witness has to answer. Default `2s`. Every entry waits for the slowest of the quorum.
    #[serde(default = "witness_deadline")]
    pub deadline: Period,
    /// How they are reached.
    #[serde(default)]
    pub client: ClientConfig,
}

/// What happens to a checkpoint that too few witnesses cosign in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WithoutQuorum {
    /// It is published without them (fail-open); they are asked again some seconds later.
    #[default]
    Publish,
    /// It is not published, and no entry is answered, until enough have cosigned (fail-closed).
    Wait,
}

/// The interface of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Face {
    /// Rekor v1: entries with a signed timestamp, of kinds `hashedrekord`, `dsse` and `intoto`. The key must be ECDSA
    /// P-256, which is the only one that every client verifies.
    #[serde(rename = "rekor-v1")]
    RekorV1,
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
            opened_logs: None,
        }
    }
}

impl LogConfig {
    /// A log of Rekor v2 with every default.
    #[must_use]
    pub fn rekor_v2(origin: Origin, key: KeyConfig, data: PathBuf, anchor: PathBuf) -> Self {
        Self {
            face: Face::RekorV2,
            origin,
            tree_id: None,
            key,
            data,
            anchor,
            min_round_interval: no_interval(),
            witnesses: None,
            begins_empty: false,
        }
    }

    /// A shard of Rekor v1 with every default.
    #[must_use]
    pub fn rekor_v1(
        origin: Origin,
        tree_id: NonZeroU64,
        key: KeyConfig,
        data: PathBuf,
        anchor: PathBuf,
    ) -> Self {
        Self {
            face: Face::RekorV1,
            tree_id: Some(tree_id),
            ..Self::rekor_v2(origin, key, data, anchor)
        }
    }

    /// Whether the log can be opened as it is described.
    ///
    /// # Errors
    /// A sentence that names the field and what to do.
    pub fn check(&self) -> Result<(), String> {
        check_anchor(&self.data, &self.anchor)?;
        match (self.face, self.tree_id) {
            (Face::RekorV1, None) => Err(format!(
                "{} is a rekor-v1 log without tree_id; give it a random number",
                self.origin
            )),
            (Face::RekorV1, Some(id)) if id.get() > i64::MAX as u64 => Err(format!(
                "tree_id {id} of {} is too large; choose one below 2^63",
                self.origin
            )),
            (Face::RekorV1, _) if self.witnesses.is_some() => Err(format!(
                "{} is a rekor-v1 log with witnesses, and its clients refuse cosigned checkpoints; leave them out",
                self.origin
            )),
            (Face::RekorV2, Some(_)) => Err(format!(
                "{} is a rekor-v2 log with a tree_id; leave it out",
                self.origin
            )),
            _ => Ok(()),
        }
    }
}

impl DescribedLog for LogConfig {
    fn has_name_of(&self, other: &Self) -> bool {
        (&self.origin, self.tree_id) == (&other.origin, other.tree_id)
    }

    fn check_all(logs: &[Self]) -> Result<(), String> {
        check_logs(logs)
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
        check_logs(&self.logs)
    }
}

/// Whether these logs can run in one process.
///
/// # Errors
/// A sentence that names the first two that cannot.
pub fn check_logs(logs: &[LogConfig]) -> Result<(), String> {
    let (mut names, mut folders) = (HashSet::new(), HashSet::new());
    let mut v1_host = None;
    for log in logs {
        log.check()?;
        let origin = &log.origin;
        if !names.insert((origin, log.face, log.tree_id)) {
            return Err(format!(
                "two logs have the origin {origin}; each needs its own, or as shards of rekor-v1 a tree_id of its own"
            ));
        }
        if !folders.insert(&log.data) {
            let data = log.data.display();
            return Err(format!(
                "two logs have the data directory {data}; each needs its own"
            ));
        }
        if log.face == Face::RekorV1 && v1_host.replace(origin).is_some_and(|host| host != origin) {
            return Err(format!(
                "rekor-v1 log {origin} has another origin than the one before; shards share theirs"
            ));
        }
    }
    Ok(())
}

fn witness_deadline() -> Period {
    Period::from_seconds(2)
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
