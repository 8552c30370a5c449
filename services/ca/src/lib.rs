//! Issues short-lived certificates for an identity, as Fulcio does, to every Sigstore client.
//!
//! Specifications: Fulcio v1.8 (`fulcio.proto`, `fulcio_legacy.proto`, certificate specification),
//! RFC 6962 §3.1 and §4.2 (precertificates, `add-pre-chain`).
//!
//! File map: `authority.rs` is the seams, `issue.rs` the verb, up to the record's first word, and `certify.rs` what follows it; `under_way.rs` how
//! many are carried out at a time; `key_request.rs` the proof of possession; `ct_log.rs` the log
//! that every certificate is entered into; `issuer_chain.rs` what is checked before anything is
//! served; `ring.rs` the keys that follow one another; `key_policy.rs` which keys are certified; `audit.rs` what is recorded of an issuance, `recorded.rs` what
//! is asked of the record; `used_tokens.rs` the seam for tokens that are good once; `api/` the three faces (gRPC,
//! HTTP v2, HTTP v1) and the admin interface.
//!
//! Deliberately absent: detached SCTs, which no client of today takes; revocation, which ten minutes do not need;
//! status 401, which clients do not expect from this service.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use prometheus::Registry;
use sigstead_config::ca::Config;
use sigstead_issuance::{IssuanceRecord, MemoryRecord, UsedTokens};
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, Service, SystemClock};

mod api;
mod audit;
mod authority;
mod certify;
pub mod ct_log;
mod error;
mod files;
mod issue;
mod issuer_chain;
mod issuer_metrics;
mod issuers_file;
mod key_policy;
mod key_request;
mod metrics;
mod recorded;
mod ring;
mod start;
mod under_way;
mod used_tokens;

pub use audit::{RecordPolicy, RequestOrigin};
pub use authority::{CertificateAuthority, Parts};
pub use error::Error;
pub use issue::IssuanceRequest;
pub use issuer_chain::IssuerChain;
pub use key_policy::KeyPolicy;
pub use key_request::{KeyRequest, ProvenKey};
pub use metrics::Metrics;
pub use ring::{IssuingKey, KeyRing};
pub use start::serve;
pub use used_tokens::TokenUses;

use ct_log::LogsInUse;
use issuer_metrics::IssuerMetrics;
use issuers_file::IssuersFile;
use metrics::RecordMetric;

/// The process of this service. The first of `arguments` is what the program was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    sigstead_kit::main_with_check("ca", arguments, check, build)
}

/// Builds the service from its configuration: reads and checks key, chain, issuers and the log's
/// key, and binds nothing.
///
/// # Errors
/// A file cannot be read, or what is in them does not fit together.
pub async fn build(config: Config) -> Result<Service, Error> {
    let record = sigstead_issuance::open(&config.record, Arc::new(SystemClock));
    let issuers = Arc::new(IssuersFile::read(&config).await?);
    let record = record.map_err(Error::OpenRecord)?;
    let token_uses = UsedTokens::open(&config.record.path).map_err(Error::OpenRecord)?;
    let (authority, logs, registry) = open(&config, record, Arc::new(token_uses), &issuers).await?;
    let authority = Arc::new(authority);
    issuers.register(&registry)?;
    let watched = authority.clone();
    let metrics = IssuerMetrics::new(move || {
        let issuers = &watched.parts().issuers;
        (issuers.states(), issuers.unknown())
    });
    registry
        .register(Box::new(metrics?))
        .map_err(Error::Metrics)?;
    let mut service = serve(config.listeners.clone(), authority.clone(), registry);
    service = service.keeps(&config.record.path);
    let complaining = issuers.clone();
    service = service.warning("issuers file", move || complaining.complaint());
    let (file, reloaded) = (issuers.clone(), authority.clone());
    let (read, rotated) = (Arc::new(config), authority.clone());
    let following = authority.clone();
    service = service
        .watching(read.successors_file.as_deref())
        .reload("the file of issuers", move || {
            let (file, authority) = (file.clone(), reloaded.clone());
            async move { file.read_again(&authority.parts().issuers).await }
        })
        .reload("the file of successors", move || {
            let (config, authority) = (read.clone(), rotated.clone());
            async move {
                let keys = KeyRing::open(&config, SystemClock.now()).await;
                keys.map(|keys| authority.take_keys(keys))
                    .map_err(|error| sigstead_kit::causes(&error))
            }
        })
        .task("issuers file", move |stop| issuers.follow(authority, stop));
    let logs = Arc::new(logs);
    Ok(with_ct_logs(service, following, logs))
}

/// What the service does about its logs: it follows the files that they and it know each other by, and is ready when one
/// answers.
fn with_ct_logs(
    mut service: Service,
    authority: Arc<CertificateAuthority>,
    logs: Arc<LogsInUse>,
) -> Service {
    if authority.parts().ct_logs.is_empty() {
        tracing::warn!(
            "ct_log is `none`: certificates have no SCT, and clients refuse them unless they are told not to"
        );
        service = service.warning("ct log", || Some("certificates have no SCT".to_owned()));
    }
    let (probed, read, warned) = (logs.clone(), logs.clone(), logs.clone());
    let reloaded = authority.clone();
    service
        .readiness("ct log", move || {
            let logs = probed.clone();
            async move { logs.probe_any().await }
        })
        .reload("the ct logs and the certificates for them", move || {
            let (logs, authority) = (read.clone(), reloaded.clone());
            async move { logs.read_again(&authority.parts().ct_logs).await }
        })
        .warning("the ct logs and the certificates for them", move || {
            warned.complaint()
        })
        .task("ct logs", move |stop| async move {
            logs.follow(&authority.parts().ct_logs, stop).await;
        })
}

/// Checks everything that [`build`] reads. It calls nobody and changes nothing, so that it can be done
/// beside the running service.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), Error> {
    // The record is the running service's alone.
    let record = Arc::new(MemoryRecord::new());
    let issuers = IssuersFile::read(config).await?;
    let token_uses = Arc::new(UsedTokens::in_memory().map_err(Error::OpenRecord)?);
    open(config, record, token_uses, &issuers).await.map(drop)
}

async fn open(
    config: &Config,
    record: Arc<dyn IssuanceRecord>,
    token_uses: Arc<dyn TokenUses>,
    issuers: &IssuersFile,
) -> Result<(CertificateAuthority, LogsInUse, Registry), Error> {
    let clock = Arc::new(SystemClock);
    let keys = KeyRing::open(config, clock.now()).await?;
    let (ct_logs, in_use) = LogsInUse::open(config).await?;
    let key_policy = KeyPolicy::new(&allowed_algorithms(config), &ct_logs.keys());
    let registry = Registry::new();
    RecordMetric::register(&registry, Arc::clone(&record)).map_err(Error::Metrics)?;
    let parts = Parts {
        issuers: issuers.issuers()?,
        key_policy,
        certificate_lifetime: config.certificate_lifetime.time(),
        backdate: config.backdate.time(),
        ct_logs,
        most_under_way: MOST_UNDER_WAY,
        record,
        record_policy: RecordPolicy::new(&config.record),
        token_uses,
        clock,
        metrics: Metrics::register(&registry)?,
    };
    Ok((CertificateAuthority::new(keys, parts), in_use, registry))
}

/// The configuration was checked when it was read.
fn allowed_algorithms(config: &Config) -> Vec<Algorithm> {
    let names = config.allowed_algorithms.iter();
    names
        .filter_map(|name| Algorithm::from_key_details(name))
        .collect()
}

/// Some hundred times what a machine signs while one submission to a log lasts. Together they have fewer states to write
/// than the record's queue holds.
const MOST_UNDER_WAY: usize = 1024;
