//! Logs certificates, and answers each with the promise that the log holds it.
//!
//! Specifications: RFC 6962 §4 (over HTTP with JSON), C2SP static-ct-api v1.0 (checkpoint, tiles, issuers, and the leaf
//! index in every SCT).
//!
//! For certificate authorities, whose precertificate is logged before they are answered; for monitors of either kind,
//! who read checkpoint, tiles and issuers, or tree heads, entries and proofs.
//!
//! File map: `submit.rs`, `read.rs`, `monitor.rs` and `pause.rs` the verbs; `submitters.rs` who may submit; `roots.rs` and `leaves.rs` what follows file and log; `api/` their HTTP, gRPC and admin faces; `log.rs` opens key, roots and files;
//! `leaf.rs` an entry on its way into the log; `head_signer.rs` the checkpoint; `issuer_storage.rs` the certificates
//! above the logged ones; `known_issuers.rs` those that were read and verified before; `error.rs` every refusal; `metrics.rs`.
//!
//! Deliberately absent: judgement over certificates beyond their chain; a merge delay, since an SCT is signed only for
//! what a published checkpoint covers.

mod api;
mod error;
mod head_signer;
mod index;
mod issuer_storage;
mod known_issuers;
mod leaf;
mod leaves;
mod log;
mod metrics;
mod monitor;
mod pause;
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

/// The process of this service. The first of `arguments` is what the program was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    sigstead_kit::main_with_check("ctlog", arguments, check, build)
}

/// Opens key, roots and log, and puts the service together.
///
/// # Errors
/// If one of them cannot be opened, or the log does not fit what its anchor remembers.
pub async fn build(config: Config) -> Result<Service, Error> {
    build_with_clock(config, Arc::new(SystemClock)).await
}

/// Checks what the configuration names: key, roots and anchor. It changes nothing, so that it can be done beside the running
/// service; the files of the log, which change all the time, are left to the start.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), Error> {
    CtLog::check_config(config).await
}

/// [`build`], with the time told by the caller.
///
/// # Errors
/// As [`build`].
pub async fn build_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Service, Error> {
    let log = Arc::new(CtLog::open(&config, clock).await?);
    let (to_ask, to_stop) = (Arc::clone(&log), Arc::clone(&log));
    let to_warn = Arc::clone(&log);
    let service = sigstead_audit::recorded(
        Service::new("ctlog", config.listeners),
        sigstead_proto::fields,
    )
    .public(api::http::routes(Arc::clone(&log)))
    .grpc(api::grpc::service(Arc::clone(&log)), api::grpc::METHODS)
    .admin_grpc(api::admin::service(Arc::clone(&log)), api::admin::METHODS)
    .certified_callers(config.submitters.as_deref())
    .access(sigstead_config::ACCESS)
    .definitions(
        sigstead_proto::FILE_DESCRIPTOR_SET,
        sigstead_proto::elements,
    )
    .readiness("log", move || std::future::ready(to_ask.check()))
    .warning("log", move || to_warn.warning())
    .task("log", |stop| async move {
        to_stop.follow(&stop).await;
        to_stop.shut_down().await;
    })
    .keeps(&config.data)
    .metrics(log.registry().clone());
    Ok(service)
}
