use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Identity, redirect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tls::contents;
use crate::{Error, Period, TlsConfig};

/// How a service calls others over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// Longest time for the connection to stand, TLS included. Default `3s`. Too short a time makes
    /// a slow network look like a dead one.
    pub connect_timeout: Period,
    /// Longest time for a whole exchange. Default `10s`. The caller of this service waits for it.
    pub timeout: Period,
    /// PEM file with certificate authorities that are trusted in addition to those of the
    /// operating system. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_ca: Option<PathBuf>,
}

/// What a service and one server know each other by, in PEM.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PeerTls {
    /// The only authorities that may certify the server. Default: those of the operating system.
    pub authorities: Option<Vec<u8>>,
    /// The certificate that is shown to the server, its intermediates after it, and its key.
    pub identity: Option<Vec<u8>>,
}

impl PeerTls {
    /// Reads both from files, each a regular one of a megabyte at most. It is done where nobody waits for the disk.
    ///
    /// # Errors
    /// A file cannot be read.
    pub async fn read(
        authorities: Option<PathBuf>,
        identity: Option<TlsConfig>,
    ) -> Result<Self, Error> {
        let read = move || {
            Ok(Self {
                authorities: authorities.map(|path| contents(&path)).transpose()?,
                identity: identity.map(|pair| both(&pair)).transpose()?,
            })
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|error| Error::Client(Box::new(error)))?
    }
}

fn both(pair: &TlsConfig) -> Result<Vec<u8>, Error> {
    let (certificate, key) = (contents(&pair.certificate)?, contents(&pair.key)?);
    Ok([&certificate[..], b"\n", &key[..]].concat())
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Period::from_seconds(3),
            timeout: Period::from_seconds(10),
            extra_ca: None,
        }
    }
}

impl ClientConfig {
    /// Makes the client. It follows redirects within one host only, so that a peer cannot send this
    /// service to an address of the peer's choice.
    ///
    /// # Errors
    /// The file of certificate authorities cannot be read or is not PEM.
    pub fn build(&self) -> Result<Client, Error> {
        let mut builder = self.builder();
        if let Some(path) = &self.extra_ca {
            let pem = std::fs::read(path).map_err(|error| Error::Client(Box::new(error)))?;
            builder = builder.tls_certs_merge(authorities(&pem)?);
        }
        finish(builder)
    }

    /// Makes a client as [`ClientConfig::build`] does, for the one server that `tls` is meant for.
    ///
    /// # Errors
    /// The authorities have no certificates, or the identity is no certificate with its key.
    pub fn build_for(&self, tls: &PeerTls) -> Result<Client, Error> {
        let mut builder = self.builder();
        if let Some(pem) = &tls.authorities {
            let authorities = authorities(pem)?;
            if authorities.is_empty() {
                return Err(Error::Client("it has no pem certificates".into()));
            }
            builder = builder.tls_certs_only(authorities);
        }
        if let Some(pem) = &tls.identity {
            let identity = Identity::from_pem(pem);
            builder = builder.identity(identity.map_err(|error| Error::Client(Box::new(error)))?);
        }
        finish(builder)
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .connect_timeout(self.connect_timeout.duration())
            .timeout(self.timeout.duration())
            .tcp_nodelay(true)
            // Shorter than servers keep an idle connection, so that none is used as it closes.
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::custom(same_host))
            .user_agent(concat!("sigstead/", env!("CARGO_PKG_VERSION")))
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    Certificate::from_pem_bundle(pem).map_err(|error| Error::Client(Box::new(error)))
}

fn finish(builder: ClientBuilder) -> Result<Client, Error> {
    builder
        .build()
        .map_err(|error| Error::Client(Box::new(error)))
}

fn same_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let Some(first) = attempt.previous().first() else {
        return attempt.stop();
    };
    let stays = first.host_str() == attempt.url().host_str()
        && first.port_or_known_default() == attempt.url().port_or_known_default();
    if stays && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

const POOL_IDLE: Duration = Duration::from_secs(20);
const MAX_REDIRECTS: usize = 5;
