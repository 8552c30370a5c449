//! Configuration of the certificate authority.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sigstead_kit::{ClientConfig, Listeners, Period, ServiceConfig, TelemetryConfig};
use sigstead_signer::KeyConfig;
use url::Url;

/// The file of the `ca` service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The key that signs certificates. It must be the key of the first certificate of `chain`;
    /// otherwise the service does not start.
    pub key: KeyConfig,
    /// PEM file with the certificate of `key` first and its issuers up to the root after it. It is
    /// what clients receive and what the trust root lists.
    pub chain: PathBuf,
    /// The file of trusted issuers, in the format of Fulcio's own `config.yaml`, with issuers of
    /// type email, uri and username; others end the start. Whoever may write it decides who
    /// receives certificates.
    pub issuers: PathBuf,
    /// The certificate transparency log that every certificate is entered into.
    pub ct_log: CtLogConfig,
    /// How long a certificate is valid. Default `10m`. Longer lifetimes weaken the promise that a
    /// stolen signing key is soon useless; shorter ones fail where clocks differ.
    #[serde(default = "default_certificate_lifetime")]
    pub certificate_lifetime: Period,
    /// How issuers and the log are called. Default: three seconds to connect, ten in all; the documents
    /// of an issuer have five. `extra_ca` must not be set: an authority speaks for one server, the log
    /// by `ct_log.ca`, an issuer by `ca-cert` of its entry in the file of issuers.
    #[serde(default)]
    pub client: ClientConfig,
}

/// A certificate transparency log.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
            issuers,
            ct_log,
            certificate_lifetime: default_certificate_lifetime(),
            client: ClientConfig::default(),
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
        Ok(())
    }
}

fn default_certificate_lifetime() -> Period {
    Period::from_minutes(10)
}

/// A certificate that ends before its signature is logged helps nobody.
const SHORTEST: Period = Period::from_minutes(1);
/// There is no revocation: the lifetime is how long a stolen key is of use.
const LONGEST: Period = Period::from_hours(24);
