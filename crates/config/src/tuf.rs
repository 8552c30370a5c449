//! Configuration of the trust root repository.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::{Listeners, Period, ServiceConfig, TelemetryConfig};
use sigstead_signer::KeyConfig;

mod successors;

pub use successors::{OnlineKeys, Successor, SuccessorsFile};

/// The file of the `tuf` service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The directory of the repository, as clients see it. Root and targets metadata are put there
    /// by `sigctl`; the service adds snapshot and timestamp. Versions in it never go back.
    pub repository: PathBuf,
    /// The key of the snapshot role, until the root lists that of a successor.
    pub snapshot_key: KeyConfig,
    /// The key of the timestamp role, until the root lists that of a successor.
    pub timestamp_key: KeyConfig,
    /// A file with the keys that take over from both when a root lists them, which `sigctl rotate tuf-online` writes. It is
    /// looked at every few seconds, and read on SIGHUP; there need not be such a file. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successors_file: Option<PathBuf>,
    /// How long a snapshot is valid. Default `21d`. It bounds how long clients can be shown an old
    /// repository by someone who holds the timestamp key only.
    #[serde(default = "default_snapshot_validity")]
    pub snapshot_validity: Period,
    /// How long a timestamp is valid. Default `7d`. It is how long clients go on while this
    /// service is down, and how long they can be shown an old repository.
    #[serde(default = "default_timestamp_validity")]
    pub timestamp_validity: Period,
    /// How long before its end metadata is signed again. Default `2d`. The service can be down for
    /// that long without clients seeing expired metadata.
    #[serde(default = "default_resign_before")]
    pub resign_before: Period,
}

impl Config {
    /// A configuration with every default.
    #[must_use]
    pub fn new(
        listeners: Listeners,
        repository: PathBuf,
        snapshot_key: KeyConfig,
        timestamp_key: KeyConfig,
    ) -> Self {
        Self {
            listeners,
            telemetry: TelemetryConfig::default(),
            repository,
            snapshot_key,
            timestamp_key,
            successors_file: None,
            snapshot_validity: default_snapshot_validity(),
            timestamp_validity: default_timestamp_validity(),
            resign_before: default_resign_before(),
        }
    }
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn check(&self) -> Result<(), String> {
        if self.timestamp_validity > self.snapshot_validity {
            return Err(
                "timestamp_validity is longer than snapshot_validity; a timestamp would \
                        name a snapshot that ends before it"
                    .to_owned(),
            );
        }
        if self.resign_before >= self.timestamp_validity {
            return Err(
                "resign_before is not shorter than timestamp_validity; the service would \
                        sign without end"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

fn default_snapshot_validity() -> Period {
    Period::from_days(21)
}

fn default_timestamp_validity() -> Period {
    Period::from_days(7)
}

fn default_resign_before() -> Period {
    Period::from_days(2)
}
