//! Serves the logs of signing events: appends entries, and answers with the proof that they are in.
//!
//! Specifications: Rekor v2 (architecture-docs, `rekor-v2-spec.md`; `dev.sigstore.rekor.v2` of
//! rekor-tiles v2.3.0), C2SP tlog-tiles and tlog-checkpoint.
//!
//! For signers, whose entries are logged before the call returns; for verifiers and monitors, who
//! read checkpoints, tiles and bundles of entries.
//!
//! File map: `log.rs` opens the logs and finds the one that a request is for; `append.rs` and
//! `read.rs` are the two verbs; `api/http.rs`, `api/json.rs` and `api/grpc.rs` are the faces;
//! `error.rs` says what each failure answers; `metrics.rs` what is counted.
//!
//! Deliberately absent: judgement over certificates, which verifiers make; entries of kind `dsse`,
//! which are logged as `hashedrekord` over the pre-authentication encoding, as every current client
//! expects; search, which Rekor v2 does not have.

use std::sync::Arc;

use config::tlog::Config;
use kit::{Clock, Service, SystemClock};

mod api;
mod append;
mod error;
mod log;
mod metrics;
mod read;

pub use error::{Error, explanations};

use log::TransparencyLogs;
use metrics::Metrics;

/// Opens the logs, with their keys and their files, and puts the service together.
///
/// # Errors
/// A key, a journal or a directory cannot be opened, or a log does not fit what its anchor remembers.
pub async fn build(config: Config) -> Result<Service, Error> {
    build_with_clock(config, Arc::new(SystemClock)).await
}

/// [`build`], with the time told by the caller.
///
/// # Errors
/// As [`build`].
pub async fn build_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Service, Error> {
    let metrics = Metrics::register()?;
    let registry = metrics.registry().clone();
    let logs = Arc::new(TransparencyLogs::open(&config.logs, clock, &metrics).await?);
    let (to_ask, to_stop) = (Arc::clone(&logs), Arc::clone(&logs));
    let service = Service::new("tlog", config.listeners)
        .public(api::http::routes(Arc::clone(&logs)))
        .grpc(api::grpc::service(logs))
        .reflection(&[proto::FILE_DESCRIPTOR_SET])
        .readiness("logs", move || std::future::ready(to_ask.check()))
        .task("logs", |stop| async move {
            stop.cancelled().await;
            to_stop.shut_down().await;
        })
        .metrics(registry);
    Ok(service)
}
