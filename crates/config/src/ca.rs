//! Configuration of the certificate authority.

use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_issuance::RecordConfig;
use sigstead_key::Algorithm;
use sigstead_kit::{
    ClientConfig, ConfigError, Listeners, Period, ServiceConfig, TelemetryConfig, TlsConfig,
};
use sigstead_signer::{KeyConfig, KeyRing};
use time::OffsetDateTime;
use url::Url;

mod ct_logs;

pub use ct_logs::{CtLogs, CtLogsFile};

use crate::authority;

pub use crate::authority::{KeyAndChain, Successor, SuccessorsFile};
pub use crate::successors::OVERLAP;

/// The file of the `ca` service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The key that signs certificates, until a successor takes over. It must be the key of the first certificate of `chain`;
    /// otherwise the service does not start.
    pub key: KeyConfig,
    /// PEM file with the certificate of `key` first and its issuers up to the root after it. It is
    /// what clients receive and what the trust root lists.
    pub chain: PathBuf,
    /// A file with the keys that take over from `key`, each at a time of its own, which `sigctl rotate ca-intermediate`
    /// writes. It is looked at every few seconds, and read on SIGHUP; as long as there is no such file, `key` signs for ever. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successors_file: Option<PathBuf>,
    /// The file of trusted issuers, in the format of Fulcio's own `config.yaml`. Whoever may write it
    /// decides who receives certificates.
    pub issuers: PathBuf,
    /// The certificate transparency log that every certificate is entered into; a list of several, of which each
    /// certificate is entered into one, asked in their order; or the word `none`, for certificates without an SCT, which
    /// no client takes that is not told to.
    pub ct_log: CtLogs,
    /// A file with the logs that took the place of `ct_log`, which `sigctl rotate ct` writes. It is looked at every few seconds
    /// and on SIGHUP; as long as there is no such file, the logs of `ct_log` are used. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ct_log_file: Option<PathBuf>,
    /// Where issuances are recorded, and what of them. Default: the directory `record`, for 400 days.
    #[serde(default)]
    pub record: RecordConfig,
    /// Of which algorithms keys are certified, by their names in the Sigstore algorithm registry
    /// (`PublicKeyDetails`). Default: ECDSA P-256, P-384 and P-521, Ed25519, and RSA of 2048, 3072 and 4096 bits. Which
    /// of them a client uses is the client's choice.
    #[serde(default = "default_allowed_algorithms")]
    pub allowed_algorithms: Vec<String>,
    /// How long a certificate is valid. Default `10m`. Longer lifetimes weaken the promise that a
    /// stolen signing key is soon useless; shorter ones fail where clocks differ.
    #[serde(default = "default_certificate_lifetime")]
    pub certificate_lifetime: Period,
    /// How long before its issuance a certificate begins to be valid, for verifiers and timestamps whose clocks are late.
    /// Default `0s`, at most `5m`. It does not lengthen the time in which the key may sign from now on.
    #[serde(default = "default_backdate")]
    pub backdate: Period,
    /// How issuers and the log are called. Default: three seconds to connect, ten in all; the documents
    /// of an issuer have five. `extra_ca` must not be set: an authority speaks for one server, the log
    /// by `ct_log.ca`, an issuer by `ca-cert` of its entry in the file of issuers.
    #[serde(default)]
    pub client: ClientConfig,
}

/// A certificate transparency log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CtLogConfig {
    /// The URL that `/ct/v1/add-pre-chain` is appended to; a path is allowed. While it cannot be
    /// reached, no certificate is issued.
    pub url: Url,
    /// PEM file with the log's public key. An answer that it does not verify is refused, because
    /// every client would refuse the certificate.
    pub public_key: PathBuf,
    /// PEM file with the only certificate authorities that may certify the log's server. Default: those
    /// of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Certificate and key that are shown to the log, which may take certificates from nobody else. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<TlsConfig>,
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
}

impl CtLogConfig {
    /// A log that takes certificates of all times.
    #[must_use]
    pub fn new(url: Url, public_key: PathBuf) -> Self {
        Self {
            url,
            public_key,
            ca: None,
            identity: None,
            ends_from: None,
            ends_until: None,
        }
    }
}

impl Config {
    /// A configuration with every default.
    #[must_use]
    pub fn new(
        listeners: Listeners,
        key: KeyConfig,
        chain: PathBuf,
        issuers: PathBuf,
        ct_log: CtLogConfig,
    ) -> Self {
        Self {
            listeners,
            telemetry: TelemetryConfig::default(),
            key,
            chain,
            successors_file: None,
            issuers,
            ct_log: CtLogs::Logs(vec![ct_log]),
            ct_log_file: None,
            record: RecordConfig::default(),
            allowed_algorithms: default_allowed_algorithms(),
            certificate_lifetime: default_certificate_lifetime(),
            backdate: default_backdate(),
            client: ClientConfig::default(),
        }
    }

    /// The keys that the service opens at `now`. A key that another took over from is opened for [`OVERLAP`] more.
    #[must_use]
    pub fn ring<'a>(
        &'a self,
        file: &'a SuccessorsFile,
        now: OffsetDateTime,
    ) -> KeyRing<KeyAndChain<'a>> {
        let configured = KeyAndChain {
            key: &self.key,
            chain: &self.chain,
        };
        authority::ring(configured, file, now)
    }
}

impl Config {
    /// The logs that are used now: those of the file that the configuration names, if it is there.
    ///
    /// # Errors
    /// It cannot be read, or is no such file.
    pub fn ct_logs(&self) -> Result<CtLogs, ConfigError> {
        let Some(path) = &self.ct_log_file else {
            return Ok(self.ct_log.clone());
        };
        match sigstead_kit::read_config(path) {
            Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(self.ct_log.clone())
            }
            read => read.map(|file: CtLogsFile| file.ct_log),
        }
    }
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn check(&self) -> Result<(), String> {
        if self.certificate_lifetime < SHORTEST || self.certificate_lifetime > LONGEST {
            return Err(format!(
                "certificate_lifetime is {}; write a period from {SHORTEST} to {LONGEST}",
                self.certificate_lifetime
            ));
        }
        if self.client.extra_ca.is_some() {
            return Err(
                "client.extra_ca would let one authority speak for every issuer; write the authority \
                 of the ct log's server as ct_log.ca, and that of an issuer's server as ca-cert into \
                 its entry in the file of issuers"
                    .to_owned(),
            );
        }
        if self.backdate > LONGEST_BACKDATE {
            return Err(format!(
                "backdate is {}; write a period up to {LONGEST_BACKDATE}",
                self.backdate
            ));
        }
        if self.record.retention < SHORTEST_RETENTION {
            return Err(format!(
                "record.retention is {}; write a period of {SHORTEST_RETENTION} or more",
                self.record.retention
            ));
        }
        if self.allowed_algorithms.is_empty() {
            return Err(
                "allowed_algorithms is empty; write at least one, or leave it out".to_owned(),
            );
        }
        for name in &self.allowed_algorithms {
            if !default_allowed_algorithms().contains(name) {
                return Err(format!(
                    "allowed_algorithms has {name}; write of {}",
                    default_allowed_algorithms().join(", ")
                ));
            }
        }
        Ok(())
    }
}

fn default_allowed_algorithms() -> Vec<String> {
    Algorithm::ALL
        .into_iter()
        // Clients pre-hash with it, and their certificates say that the key is Ed25519.
        .filter(|algorithm| *algorithm != Algorithm::Ed25519Ph)
        .map(|algorithm| algorithm.key_details().to_owned())
        .collect()
}

fn default_backdate() -> Period {
    Period::from_seconds(0)
}

fn default_certificate_lifetime() -> Period {
    Period::from_minutes(10)
}

/// A certificate that ends before its signature is logged helps nobody.
const SHORTEST: Period = Period::from_minutes(1);
/// An operator who wants no record has none that says what was done with a stolen token.
const SHORTEST_RETENTION: Period = Period::from_hours(1);
/// There is no revocation: the lifetime is how long a stolen key is of use.
const LONGEST: Period = Period::from_hours(24);
/// A certificate that was valid long before it was issued vouches for signatures that nobody had a token for.
const LONGEST_BACKDATE: Period = Period::from_minutes(5);
