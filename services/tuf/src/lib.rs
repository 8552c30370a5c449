//! The trust root repository: publishes what clients trust.
//!
//! It serves TUF clients a repository with consistent snapshots (TUF specification 1.0, sections 3 to 5), and services and
//! consoles the same trust root over gRPC, with a stream of each new version.
//!
//! File map: `publish.rs` the verb, signing snapshot and timestamp; `repository.rs` the files; `api/` the two faces;
//! `error.rs`; `metrics.rs`.
//!
//! Deliberately absent: the keys of the root and targets roles. What they sign is put into the directory by whoever
//! holds them, and is published here once it verifies.

mod api;
mod error;
mod metrics;
mod publish;
mod repository;

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use sigstead_config::tuf::Config;
use sigstead_kit::{Clock, Service, SystemClock};
use tokio_util::sync::CancellationToken;

pub use error::Error;

use metrics::Metrics;
use publish::{OnlineKeys, TrustRootRepository, Validity};
use repository::Repository;

/// Opens the repository, publishes what is due, and gives a service that can be bound.
///
/// # Errors
/// If the repository is not whole, or a key cannot be opened or is not named by the root.
pub async fn build(config: Config) -> Result<Service, Error> {
    build_at(config, Arc::new(SystemClock)).await
}

/// The same, by another clock.
///
/// # Errors
/// As [`build`].
pub async fn build_at(config: Config, clock: Arc<dyn Clock>) -> Result<Service, Error> {
    let registry = Registry::new();
    let keys = OnlineKeys {
        snapshot: sigstead_signer::open(&config.snapshot_key)
            .await
            .map_err(Error::KeyOpen)?,
        timestamp: sigstead_signer::open(&config.timestamp_key)
            .await
            .map_err(Error::KeyOpen)?,
    };
    let validity = Validity {
        snapshot: config.snapshot_validity.duration(),
        timestamp: config.timestamp_validity.duration(),
        resign_before: config.resign_before.duration(),
    };
    let repository = Repository::new(config.repository);
    let metrics = Metrics::new(&registry).map_err(Error::Metrics)?;
    let opened = TrustRootRepository::open(repository, keys, validity, clock, metrics).await?;
    Ok(service(Arc::new(opened), config.listeners, registry))
}

fn service(
    repository: Arc<TrustRootRepository>,
    listeners: sigstead_kit::Listeners,
    registry: Registry,
) -> Service {
    let (ready, keeper) = (Arc::clone(&repository), Arc::clone(&repository));
    let service = Service::new("tuf", listeners);
    let draining = service.draining();
    service
        .public(api::http::routes(Arc::clone(&repository)))
        .grpc(api::grpc::service(repository, draining))
        .reflection(&[sigstead_proto::FILE_DESCRIPTOR_SET])
        .metrics(registry)
        .readiness("timestamp", move || {
            let left = ready.seconds_left();
            async move {
                let ended = "the timestamp metadata has ended and could not be signed anew";
                if left > 0 {
                    Ok(())
                } else {
                    Err(ended.to_owned())
                }
            }
        })
        .task("publish", move |stop| keep_fresh(keeper, stop))
}

/// Publishes what appears in the directory, and signs anew in time.
async fn keep_fresh(repository: Arc<TrustRootRepository>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if let Err(error) = repository.publish().await {
            let error = anyhow::Error::from(error);
            tracing::error!("what is in the repository cannot be published: {error:#}");
        }
    }
}

/// How soon new metadata in the directory is published.
const LOOK: Duration = Duration::from_secs(5);
