//! Configuration of the certificate transparency log.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::{Listeners, Period, ServiceConfig, TelemetryConfig};
use sigstead_signer::KeyConfig;

use crate::Origin;

/// The file of the `ctlog` service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The name of the log in its checkpoints. It never changes: a log under a new name is a new
    /// log, and needs a new key and data directory.
    pub origin: Origin,
    /// The key that signs timestamps and tree heads. The log's id is the hash of its public half,
    /// so a new key is a new log.
    pub key: KeyConfig,
    /// PEM file with the root certificates whose chains are accepted. Without the root of the
    /// certificate authority, every submission is refused.
    pub roots: PathBuf,
    /// PEM file with the authorities whose client certificates submitters must show. It is watched, and a change counts for
    /// new connections. Default: everybody may submit certificates of the roots. It needs TLS at the public listener, and
    /// that no proxy between submitter and log ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitters: Option<PathBuf>,
    /// What a certificate must be for to be logged: it names at least one of these among its extended key usages.
    /// Default `[code-signing]`; an empty list takes every certificate of the roots.
    #[serde(default = "code_signing")]
    pub extended_key_usages: Vec<ExtendedKeyUsage>,
    /// The directory of journal, tiles and issuers. It belongs to one process; losing it ends the
    /// log.
    pub data: PathBuf,
    /// The file that remembers the newest published tree head, on another disk or at least outside
    /// of `data`, so that a restored older copy of `data` is noticed.
    pub anchor: PathBuf,
    /// Shortest time between two rounds. Default `0s`: a round begins when the last one is durable.
    /// Raise it where each signature costs money or time, as with a remote key service; every
    /// submission waits for it.
    #[serde(default = "crate::tlog::no_interval")]
    pub min_round_interval: Period,
    /// After what time without a submission the tree head is signed again, so that monitors see that the log lives.
    /// Default `10m`; `0s` for never.
    #[serde(default = "refresh_interval")]
    pub refresh_interval: Period,
}

/// What a certificate is for (RFC 5280 §4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExtendedKeyUsage {
    /// Signing of artifacts.
    CodeSigning,
    /// Timestamps.
    TimeStamping,
    /// TLS servers.
    ServerAuthentication,
    /// TLS clients.
    ClientAuthentication,
}

impl Config {
    /// A configuration with every default, its data below `data`.
    #[must_use]
    pub fn new(
        listeners: Listeners,
        origin: Origin,
        key: KeyConfig,
        roots: PathBuf,
        data: PathBuf,
        anchor: PathBuf,
    ) -> Self {
        Self {
            listeners,
            telemetry: TelemetryConfig::default(),
            origin,
            key,
            roots,
            submitters: None,
            extended_key_usages: code_signing(),
            data,
            anchor,
            min_round_interval: crate::tlog::no_interval(),
            refresh_interval: refresh_interval(),
        }
    }
}

fn code_signing() -> Vec<ExtendedKeyUsage> {
    vec![ExtendedKeyUsage::CodeSigning]
}

fn refresh_interval() -> Period {
    Period::from_seconds(600)
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn check(&self) -> Result<(), String> {
        if self.submitters.is_some() && self.listeners.public.tls.is_none() {
            return Err(
                "submitters show their certificates over TLS only; write listeners.public.tls, or leave submitters out"
                    .to_owned(),
            );
        }
        crate::tlog::check_anchor(&self.data, &self.anchor)
    }
}
