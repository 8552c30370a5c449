//! Serves the logs of signing events: appends entries, answers with the proof that they are in, and finds them again.
//!
//! Specifications: Rekor v1 (openapi.yaml of rekor v1.5.4), Rekor v2 (architecture-docs, `rekor-v2-spec.md`;
//! `dev.sigstore.rekor.v2` of rekor-tiles v2.3.0), C2SP tlog-tiles and tlog-checkpoint.
//!
//! For signers, whose entries are logged before the call returns; for verifiers and monitors, who read checkpoints,
//! tiles, bundles, entries and proofs; for administrators, who open and freeze logs and search them.
//!
//! One process runs several logs, each a tree of its own under a key of its own: one active log of each face, and those
//! that have ended. They share this process and nothing else.
//!
//! File map: `logs.rs` the logs of the process and which one a request is for, `log.rs` one of them, `cosigning.rs` its witnesses, `first_entry.rs` the entry with which it begins. The verbs of
//! Rekor v2 are `append.rs` and `read.rs`; those of Rekor v1 are in `rekor_v1/`, with `side.rs` for what its entries hold
//! beside the leaf; `search.rs` and `search/` find entries of both; `manage.rs` and `pause.rs` are for administrators.
//! `api/` are the faces; `error.rs` says what each
//! failure answers, with a table for appending, reading and administration in `error/`; `metrics.rs` what is counted.
//!
//! Deliberately absent: judgement over certificates, which verifiers make; entries of kind `dsse` in Rekor v2, which are
//! logged as `hashedrekord` over the pre-authentication encoding, as every current client expects; attestation storage
//! and the package kinds of Rekor v1.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use sigstead_config::tlog::Config;
use sigstead_kit::{Clock, Service, SystemClock};

mod api;
mod append;
mod beginning;
mod cosigning;
mod error;
mod first_entry;
mod frame;
mod log;
mod logs;
mod manage;
mod metrics;
mod pause;
mod pending;
mod read;
mod rekor_v1;
mod search;
mod side;

pub use cosigning::WitnessError;
pub use error::{AdminError, AppendError, Error, ReadError};

use logs::TransparencyLogs;
use metrics::Metrics;

/// The process of this service. The first of `arguments` is what the program was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    sigstead_kit::main_with_check("tlog", arguments, check, build)
}

/// Opens the logs, with their keys and their files, and puts the service together.
///
/// # Errors
/// A key, a journal or a directory cannot be opened, or a log does not fit what its anchor remembers.
pub async fn build(config: Config) -> Result<Service, Error> {
    build_with_clock(config, Arc::new(SystemClock)).await
}

/// Checks what the configuration names: the descriptions of all logs, their keys, witnesses and anchors. It changes nothing,
/// so that it can be done beside the running service; the files of the logs, which change all the time, are left to the start.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), Error> {
    TransparencyLogs::check_config(config).await
}

/// [`build`], with the time told by the caller.
///
/// # Errors
/// As [`build`].
pub async fn build_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Service, Error> {
    let metrics = Metrics::register()?;
    let registry = metrics.registry().clone();
    let logs = Arc::new(TransparencyLogs::open(&config, clock, &metrics).await?);
    let (to_ask, to_stop) = (Arc::clone(&logs), Arc::clone(&logs));
    let to_warn = Arc::clone(&logs);
    let service = sigstead_audit::recorded(
        Service::new("tlog", config.listeners),
        sigstead_proto::fields,
    )
    .public(api::http::routes(Arc::clone(&logs)))
    .grpc(api::grpc::service(Arc::clone(&logs)), api::grpc::METHODS)
    .admin_grpc(api::admin::service(logs), api::admin::METHODS)
    .access(sigstead_config::ACCESS)
    .definitions(
        sigstead_proto::FILE_DESCRIPTOR_SET,
        sigstead_proto::elements,
    )
    .readiness("logs", move || std::future::ready(to_ask.check()))
    .warning("logs", move || to_warn.pauses())
    .task("logs", |stop| async move {
        to_stop.follow(&stop).await;
        to_stop.shut_down().await;
    })
    .metrics(registry);
    let folders = config.logs.iter().map(|log| &log.data);
    Ok(folders.fold(service, |service, folder| service.keeps(folder)))
}
