//! Configuration of the certificate transparency logs.

use std::collections::HashSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::{CertifiedListenConfig, Listeners, Period, ServiceConfig, TelemetryConfig};
use sigstead_signer::KeyConfig;
use time::OffsetDateTime;

use crate::Origin;
use crate::opened_logs::DescribedLog;

/// The file of the `ctlog` service. It describes the log that was there first, and names those that followed it.
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
    /// The log takes certificates that end at this time or later, as in `2026-01-01T00:00:00Z`. Default: any.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    #[schemars(with = "Option<String>")]
    pub ends_from: Option<OffsetDateTime>,
    /// The log takes certificates that end before this time. Default: any.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    #[schemars(with = "Option<String>")]
    pub ends_until: Option<OffsetDateTime>,
    /// PEM file with the root certificates whose chains are accepted, by all logs of the process. Without the root of the
    /// certificate authority, every submission is refused.
    pub roots: PathBuf,
    /// PEM file with the authorities whose client certificates submitters must show. It is watched, and a change counts for
    /// new connections. Default: everybody may submit certificates of the roots. It needs TLS at the public listener, and
    /// that no proxy between submitter and log ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitters: Option<PathBuf>,
    /// A listener of its own for submitters, who must show a certificate there; the public one then takes no certificates, and
    /// a proxy may end TLS in front of it. It takes the place of `submitters`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<CertifiedListenConfig>,
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
    /// The logs that followed the first one, the oldest first. A request is for the log whose origin is its host name, or
    /// whose identifier, in hexadecimal, is in its path behind `/logs/`, and else for the first log. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogConfig>,
    /// A directory for logs that are opened while the service runs, one file each in the form of an entry of `logs`. They
    /// come after those of `logs`. Default: none, and no log can be opened without a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_logs: Option<PathBuf>,
}

/// One log: one tree, one key, one origin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CertificateLogConfig")]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// The name of the log in its checkpoints, which no other log has or had. It never changes.
    pub origin: Origin,
    /// The key that signs timestamps and tree heads. No two logs may share one, and it never changes: the log's id is the
    /// hash of its public half.
    pub key: KeyConfig,
    /// The log takes certificates that end at this time or later, as in `2026-01-01T00:00:00Z`. Default: any.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    #[schemars(with = "Option<String>")]
    pub ends_from: Option<OffsetDateTime>,
    /// The log takes certificates that end before this time. Default: any.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    #[schemars(with = "Option<String>")]
    pub ends_until: Option<OffsetDateTime>,
    /// The directory of journal, tiles and issuers. It belongs to one process and one log; losing it ends the log.
    pub data: PathBuf,
    /// The file that remembers the newest published tree head, on another disk or at least outside of `data`, so that a
    /// restored older copy of `data` is noticed.
    pub anchor: PathBuf,
    /// Shortest time between two rounds, as that of the first log. Default `0s`.
    #[serde(default = "crate::tlog::no_interval")]
    pub min_round_interval: Period,
    /// After what time without a submission the tree head is signed again. Default `10m`; `0s` for never.
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
            ends_from: None,
            ends_until: None,
            roots,
            submitters: None,
            submission: None,
            extended_key_usages: code_signing(),
            data,
            anchor,
            min_round_interval: crate::tlog::no_interval(),
            refresh_interval: refresh_interval(),
            logs: Vec::new(),
            opened_logs: None,
        }
    }

    /// All logs that the file describes, the first one first.
    #[must_use]
    pub fn described_logs(&self) -> Vec<LogConfig> {
        let first = LogConfig {
            origin: self.origin.clone(),
            key: self.key.clone(),
            ends_from: self.ends_from,
            ends_until: self.ends_until,
            data: self.data.clone(),
            anchor: self.anchor.clone(),
            min_round_interval: self.min_round_interval,
            refresh_interval: self.refresh_interval,
        };
        std::iter::once(first)
            .chain(self.logs.iter().cloned())
            .collect()
    }
}

impl LogConfig {
    /// A log that takes certificates of all times, with every default.
    #[must_use]
    pub fn new(origin: Origin, key: KeyConfig, data: PathBuf, anchor: PathBuf) -> Self {
        Self {
            origin,
            key,
            ends_from: None,
            ends_until: None,
            data,
            anchor,
            min_round_interval: crate::tlog::no_interval(),
            refresh_interval: refresh_interval(),
        }
    }

    fn check(&self) -> Result<(), String> {
        if let (Some(from), Some(until)) = (self.ends_from, self.ends_until)
            && until <= from
        {
            return Err(format!(
                "ends_until of {} is not after ends_from, so that it takes no certificate; write a later time",
                self.origin
            ));
        }
        crate::tlog::check_anchor(&self.data, &self.anchor)
    }
}

impl DescribedLog for LogConfig {
    fn has_name_of(&self, other: &Self) -> bool {
        self.origin == other.origin
    }

    fn check_all(logs: &[Self]) -> Result<(), String> {
        let (mut names, mut folders, mut anchors) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        for log in logs {
            log.check()?;
            if !names.insert(&log.origin) {
                let origin = &log.origin;
                return Err(format!(
                    "two logs have the origin {origin}; each needs its own"
                ));
            }
            for (seen, path) in [(&mut folders, &log.data), (&mut anchors, &log.anchor)] {
                if !seen.insert(path) {
                    let path = path.display();
                    return Err(format!(
                        "two logs have {path} as their data or their anchor; each needs its own"
                    ));
                }
            }
        }
        Ok(())
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
        if self.submitters.is_some() && self.submission.is_some() {
            return Err(
                "submitters and submission both say who may submit certificates; leave one of them out"
                    .to_owned(),
            );
        }
        LogConfig::check_all(&self.described_logs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> LogConfig {
        let log = format!("{{key: {{uri: 'file:a'}}, {text}}}");
        serde_yaml::from_str(&log).unwrap()
    }

    #[test]
    fn logs_of_one_process_share_neither_name_nor_place() {
        let first = "origin: a.example, data: a, anchor: a.anchor";
        for (text, complaint) in [
            ("origin: b.example, data: b, anchor: b.anchor", ""),
            ("origin: a.example, data: b, anchor: b.anchor", "the origin"),
            (
                "origin: b.example, data: a, anchor: b.anchor",
                "two logs have a as",
            ),
            (
                "origin: b.example, data: b, anchor: a.anchor",
                "two logs have a.anchor as",
            ),
            (
                "origin: b.example, data: b, anchor: b/anchor",
                "move it out",
            ),
            (
                "origin: b.example, data: b, anchor: b.anchor, ends_from: '2027-01-01T00:00:00Z', \
                 ends_until: '2027-01-01T00:00:00Z'",
                "a later time",
            ),
        ] {
            let checked = LogConfig::check_all(&[log(first), log(text)]);
            let said = checked.err().unwrap_or_default();
            assert_eq!(said.is_empty(), complaint.is_empty(), "{text}: {said}");
            assert!(said.contains(complaint), "{text}: {said}");
        }
    }
}
