//! The timestamp authority: a digest in, signed time out.
//!
//! It serves anyone who asks, and signs what it is asked: that a digest existed at a time. Specifications: RFC 3161 and
//! RFC 5816 over HTTP (RFC 3161 §3.4), and the JSON form of requests that sigstore/timestamp-authority v2.1 has.
//!
//! File map: `stamp.rs` the verb; `api/` its HTTP and gRPC faces; `authority.rs` a key and its chain, proven
//! when they are opened; `ring.rs` the keys that follow one another; `error.rs` every refusal; `metrics.rs`.
//!
//! Deliberately absent: failure responses with HTTP status 200, which Sigstore's clients take for timestamps; a key made
//! at start, which would break every trusted root.

mod api;
mod authority;
mod error;
mod metrics;
mod ring;
mod stamp;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use sigstead_config::tsa::Config;
use sigstead_kit::{Clock as _, Service, SystemClock};

pub use error::Error;
pub use stamp::TimestampAuthority;

/// The process of this service. The first of `arguments` is what the program was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    sigstead_kit::main_with_check("tsa", arguments, check, build)
}

/// Opens the key, proves that it belongs to the chain, and gives a service that can be bound.
///
/// # Errors
/// If key or chain cannot be opened, do not fit together, or are not for time stamping.
pub async fn build(config: Config) -> Result<Service, Error> {
    let listeners = config.listeners.clone();
    let successors = config.successors_file.clone();
    let authority = TimestampAuthority::open(config, Arc::new(SystemClock)).await?;
    Ok(service(authority, listeners).watching(successors.as_deref()))
}

/// Checks everything that [`build`] reads and changes nothing, so that it can be done beside the running
/// service.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), Error> {
    ring::open(config, SystemClock.now()).await?;
    stamp::Policies::of(config).map(drop)
}

/// A service over an authority that is open.
pub fn service(authority: Arc<TimestampAuthority>, listeners: sigstead_kit::Listeners) -> Service {
    let (ready, again) = (Arc::clone(&authority), Arc::clone(&authority));
    let (measured, proven) = (Arc::clone(&authority), Arc::clone(&authority));
    sigstead_audit::recorded(Service::new("tsa", listeners), sigstead_proto::fields)
        .public(api::http::routes(Arc::clone(&authority)))
        .grpc(
            api::grpc::service(Arc::clone(&authority)),
            api::grpc::METHODS,
        )
        .admin_grpc(
            api::admin::service(Arc::clone(&authority)),
            api::admin::METHODS,
        )
        .access(sigstead_config::ACCESS)
        .definitions(
            sigstead_proto::FILE_DESCRIPTOR_SET,
            sigstead_proto::elements,
        )
        .certificate("chain", move || measured.chain_ends().unix_timestamp())
        .metrics(authority.registry().clone())
        .readiness("chain", move || {
            let valid = ready.check_chain();
            async move { valid.map_err(|error| error.to_string()) }
        })
        .tried("key", move || {
            let authority = Arc::clone(&proven);
            async move { authority.prove_key().await }
        })
        .reload("the file of successors", move || {
            let authority = Arc::clone(&again);
            async move {
                let opened = authority.open_again().await;
                opened.map_err(|error| sigstead_kit::causes(&error))
            }
        })
}
