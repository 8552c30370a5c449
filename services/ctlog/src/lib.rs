//! Logs certificates, and answers each with the promise that a log holds it.
//!
//! Specifications: RFC 6962 §4 (over HTTP with JSON), C2SP static-ct-api v1.0 (checkpoint, tiles, issuers, and the leaf
//! index in every SCT).
//!
//! For certificate authorities, whose precertificate is logged before they are answered; for monitors of either kind,
//! who read checkpoint, tiles and issuers, or tree heads, entries and proofs.
//!
//! One process runs several logs, each a tree of its own under a key of its own: those that take certificates, and those that
//! have ended. They accept the same, and share nothing else.
//!
//! File map: `logs.rs` the logs of the process and which one a request is for, `logs/manage.rs` what operators do with them,
//! `log.rs` one of them; `submit.rs`, `read.rs` and `monitor.rs` the verbs; `acceptance.rs` what is taken, with `submitters.rs`
//! who may submit, `roots.rs` what follows their file, and `ends.rs` a log's interval of time; `leaves.rs` follows a log;
//! `api/` the HTTP, gRPC and admin faces; `leaf.rs` an entry on its way into a log; `head_signer.rs` the checkpoint;
//! `issuer_storage.rs` the certificates above the logged ones; `known_issuers.rs` those that were read and verified before;
//! `error.rs` every refusal; `metrics.rs`.
//!
//! Deliberately absent: judgement over certificates beyond their chain; a merge delay, since an SCT is signed only for
//! what a published checkpoint covers.

mod acceptance;
mod api;
mod ends;
mod error;
mod head_signer;
mod index;
mod issuer_storage;
mod known_issuers;
mod leaf;
mod leaves;
mod log;
mod logs;
mod metrics;
mod monitor;
mod read;
mod roots;
mod submit;
mod submitters;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use sigstead_config::ctlog::Config;
use sigstead_kit::{Clock, Service, SystemClock};

pub use error::Error;
pub use log::CtLog;
pub use monitor::{LoggedEntry, SignedTreeHead};
pub use read::TileFile;
pub use submitters::Submitter;

use logs::CtLogs;

/// The process of this service. The first of `arguments` is what the program was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    sigstead_kit::main_with_check("ctlog", arguments, check, build)
}

/// Opens keys, roots and logs, and puts the service together.
///
/// # Errors
/// If one of them cannot be opened, or a log does not fit what its anchor remembers.
pub async fn build(config: Config) -> Result<Service, Error> {
    build_with_clock(config, Arc::new(SystemClock)).await
}

/// Checks what the configuration names: roots, the descriptions of all logs, their keys and anchors. It changes nothing, so that
/// it can be done beside the running service; the files of the logs, which change all the time, are left to the start.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), Error> {
    CtLogs::check_config(config, Arc::new(SystemClock)).await
}

/// [`build`], with the time told by the caller.
///
/// # Errors
/// As [`build`].
pub async fn build_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Service, Error> {
    let logs = Arc::new(CtLogs::open(&config, clock).await?);
    let (to_ask, to_stop) = (Arc::clone(&logs), Arc::clone(&logs));
    let to_warn = Arc::clone(&logs);
    let registry = logs.registry().clone();
    let described = config.described_logs();
    let service = sigstead_audit::recorded(
        Service::new("ctlog", config.listeners),
        sigstead_proto::fields,
    )
    .public(api::http::routes(Arc::clone(&logs)))
    .grpc(api::grpc::service(Arc::clone(&logs)), api::grpc::METHODS)
    .admin_grpc(api::admin::service(logs), api::admin::METHODS)
    .certified_callers(config.submitters.as_deref())
    .certified(config.submission)
    .access(sigstead_config::ACCESS)
    .definitions(
        sigstead_proto::FILE_DESCRIPTOR_SET,
        sigstead_proto::elements,
    )
    .readiness("logs", move || std::future::ready(to_ask.check()))
    .warning("logs", move || to_warn.warning())
    .task("logs", |stop| async move {
        to_stop.follow(&stop).await;
        to_stop.shut_down().await;
    })
    .metrics(registry);
    let folders = described.iter().map(|log| &log.data);
    Ok(folders.fold(service, |service, folder| service.keeps(folder)))
}
