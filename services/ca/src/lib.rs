//! Issues short-lived certificates for an identity, as Fulcio does, to every Sigstore client.
//!
//! Specifications: Fulcio v1.8 (`fulcio.proto`, `fulcio_legacy.proto`, certificate specification),
//! RFC 6962 §3.1 and §4.2 (precertificates, `add-pre-chain`).
//!
//! File map: `issue.rs` is the verb; `key_request.rs` the proof of possession; `ct_log.rs` the log
//! that every certificate is entered into; `issuer_chain.rs` what is checked before anything is
//! served; `audit.rs` what can be shown later; `api/` the three faces (gRPC, HTTP v2, HTTP v1).
//!
//! Deliberately absent: certificates without an embedded SCT, which no client accepts; revocation,
//! which ten minutes do not need; any memory of what was issued beyond the audit events and the log;
//! status 401, which clients do not expect from this service.

use std::sync::Arc;

use prometheus::Registry;
use sigstead_config::ca::Config;
use sigstead_identity::{HttpFetch, Issuers, IssuersConfig};
use sigstead_kit::{Service, SystemClock};

mod api;
mod audit;
pub mod ct_log;
mod error;
mod issue;
mod issuer_chain;
mod key_request;
mod metrics;
mod start;

pub use error::Error;
pub use issue::{CertificateAuthority, IssuanceRequest, Parts};
pub use issuer_chain::IssuerChain;
pub use key_request::{KeyRequest, ProvenKey};
pub use metrics::Metrics;
pub use start::serve;

use ct_log::HttpCtLog;

/// Builds the service from its configuration: reads and checks key, chain, issuers and the log's
/// key, and binds nothing.
///
/// # Errors
/// A file cannot be read, or what is in them does not fit together.
pub async fn build(config: Config) -> Result<Service, Error> {
    let (authority, ct_log, registry) = open(&config).await?;
    let service = serve(config.listeners, Arc::new(authority), registry);
    Ok(service.readiness("ct log", move || {
        let ct_log = ct_log.clone();
        async move {
            ct_log
                .probe()
                .await
                .map_err(|error| sigstead_kit::causes(&error))
        }
    }))
}

/// Checks everything that [`build`] reads. It calls nobody and changes nothing, so that it can be done
/// beside the running service.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), Error> {
    open(config).await.map(drop)
}

async fn open(config: &Config) -> Result<(CertificateAuthority, Arc<HttpCtLog>, Registry), Error> {
    let signer = sigstead_signer::open(&config.key)
        .await
        .map_err(Error::OpenKey)?;
    let chain = IssuerChain::parse(&start::read_text(&config.chain).await?)?;
    let issuers =
        IssuersConfig::parse(&start::read_text(&config.issuers).await?).map_err(Error::Issuers)?;
    let fetch = HttpFetch::new(&start::fetch_options(config), &issuers).map_err(Error::Issuers)?;
    let log_key = start::read_log_key(&config.ct_log.public_key).await?;
    let client = start::ct_log_client(config).await?;
    let ct_log = Arc::new(HttpCtLog::new(client, &config.ct_log.url)?);
    let registry = Registry::new();
    let authority = CertificateAuthority::new(Parts {
        issuers: Issuers::new(issuers, Arc::new(fetch)).map_err(Error::Issuers)?,
        signer,
        chain,
        certificate_lifetime: config.certificate_lifetime.time(),
        ct_log: ct_log.clone(),
        ct_log_key: log_key,
        clock: Arc::new(SystemClock),
        metrics: Metrics::register(&registry)?,
    })?;
    Ok((authority, ct_log, registry))
}
