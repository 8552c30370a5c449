//! The trust root repository: publishes what clients trust.
//!
//! It serves TUF clients a repository with consistent snapshots (TUF specification 1.0, sections 3 to 5), services and
//! consoles the same trust root over gRPC, with a stream of each new version, and people the page for clients, which `sigctl` writes.
//!
//! File map: `publish.rs` the verb, signing snapshot and timestamp with `online_keys.rs`; `published.rs` what clients have;
//! `repository.rs` the files; `expiry.rs` what runs out and who is told; `fetches.rs` how often what was fetched; `client_page.rs` the page
//! for clients; `api/` the two
//! faces; `error.rs`; `metrics.rs`.
//!
//! Deliberately absent: the keys of the root and targets roles. Their holders put what they signed into the directory
//! (`sigctl trust publish`), and it is published here once it verifies.

mod api;
mod client_page;
mod error;
mod expiry;
mod fetches;
mod metrics;
mod online_keys;
mod publish;
mod published;
mod repository;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use sigstead_config::tuf::Config;
use sigstead_kit::{Clock, Service, SystemClock, causes};
use tokio_util::sync::CancellationToken;

pub use error::Error;

use expiry::{OnceADay, RoleName};
use fetches::Keeper;
use metrics::Metrics;
use online_keys::OnlineKeys;
use publish::{TrustRootRepository, Validity};
use repository::Repository;

/// The process of this service. The first of `arguments` is what the program was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    sigstead_kit::main_with_check("tuf", arguments, check, build)
}

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
    let (repository, metrics) = open(&config, clock, &registry).await?;
    let keeper = Keeper::resume(metrics, Repository::new(config.repository.clone()))?;
    repository.publish().await?;
    let directory = config.repository.clone();
    let service = service(Arc::new(repository), config, registry);
    let service = service.task("fetches", move |stop| keeper.run(stop));
    Ok(service.keeps(&directory))
}

/// Checks everything that [`build`] reads, and that the keys can sign what it would publish. It changes nothing, so that it
/// can be done beside the running service.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), Error> {
    let (repository, _) = open(config, Arc::new(SystemClock), &Registry::new()).await?;
    repository.check().await
}

async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    registry: &Registry,
) -> Result<(TrustRootRepository, Metrics), Error> {
    let keys = OnlineKeys::open(config).await?;
    let validity = Validity {
        snapshot: config.snapshot_validity.duration(),
        timestamp: config.timestamp_validity.duration(),
        resign_before: config.resign_before.duration(),
    };
    let repository = Repository::new(config.repository.clone());
    let metrics = Metrics::new(registry).map_err(Error::Metrics)?;
    let counts = metrics.clone();
    let repository = TrustRootRepository::new(repository, keys, validity, clock, metrics);
    Ok((repository, counts))
}

fn service(repository: Arc<TrustRootRepository>, config: Config, registry: Registry) -> Service {
    let keeper = Arc::clone(&repository);
    let again = Arc::clone(&repository);
    let listeners = config.listeners.clone();
    let service = sigstead_audit::recorded(Service::new("tuf", listeners), sigstead_proto::fields);
    let draining = service.draining();
    let service = RoleName::ALL
        .into_iter()
        .fold(service, |service, role| watch(service, &repository, role));
    let refused = Arc::clone(&repository);
    service
        .public(api::http::routes(Arc::clone(&repository)))
        .admin_grpc(
            api::admin::service(Arc::clone(&repository)),
            api::admin::METHODS,
        )
        .grpc(api::grpc::service(repository, draining), api::grpc::METHODS)
        .access(sigstead_config::ACCESS)
        .definitions(
            sigstead_proto::FILE_DESCRIPTOR_SET,
            sigstead_proto::elements,
        )
        .metrics(registry)
        .warning("repository", move || refused.refusal())
        .watching(config.successors_file.clone().as_deref())
        .reload("the keys and the repository", move || {
            let (repository, config) = (Arc::clone(&again), config.clone());
            async move {
                let reloaded = reload(&repository, &config).await;
                reloaded.map_err(|error| causes(&error))
            }
        })
        .task("publish", move |stop| keep_fresh(keeper, stop))
}

/// Opens the keys again, of which there may be others, and publishes. If one cannot be used, those that are open stay.
async fn reload(repository: &TrustRootRepository, config: &Config) -> Result<(), Error> {
    repository.take_up(OnlineKeys::open(config).await?);
    repository.publish().await
}

/// Clients refuse a repository in which one role has expired, so each role by itself makes the service unready.
fn watch(service: Service, repository: &Arc<TrustRootRepository>, role: RoleName) -> Service {
    let (expired, soon) = (Arc::clone(repository), Arc::clone(repository));
    service
        .readiness(role.name(), move || {
            let reason = expired.expired(role);
            async move { reason.map_or(Ok(()), Err) }
        })
        .warning(role.name(), move || soon.expires_soon(role))
}

/// Publishes what appears in the directory, signs again in time, and says what the operator must do.
async fn keep_fresh(repository: Arc<TrustRootRepository>, stop: CancellationToken) {
    let (mut once_a_day, mut last_refusal) = (OnceADay::default(), None);
    loop {
        // What cannot be published is told once, not at each look.
        let refusal = repository.publish().await.err().map(|error| causes(&error));
        match &refusal {
            Some(refusal) if Some(refusal) != last_refusal.as_ref() => {
                tracing::error!("what is in the repository cannot be published: {refusal}");
            }
            None if last_refusal.is_some() => {
                tracing::info!("what is in the repository is published again");
            }
            _ => {}
        }
        last_refusal = refusal;
        tell(&repository, &mut once_a_day);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// One line a day for each role that has expired or will soon.
fn tell(repository: &TrustRootRepository, once_a_day: &mut OnceADay) {
    let expired = RoleName::ALL.map(|role| repository.expired(role));
    let soon = RoleName::ALL.map(|role| repository.expires_soon(role));
    if expired.iter().chain(&soon).all(Option::is_none) || !once_a_day.is_due(repository.now()) {
        return;
    }
    for expired in expired.into_iter().flatten() {
        tracing::error!("{expired}");
    }
    for soon in soon.into_iter().flatten() {
        tracing::warn!("{soon}");
    }
}

/// How soon new metadata in the directory is published.
const LOOK: Duration = Duration::from_secs(5);
