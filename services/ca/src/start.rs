//! What `build` reads, and how the parts become a service.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use sigstead_config::ca::Config;
use sigstead_identity::FetchOptions;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_kit::{Listeners, Service};
use tokio_util::sync::CancellationToken;

use crate::{CertificateAuthority, Error, api};

/// The service of an authority.
pub fn serve(
    listeners: Listeners,
    authority: Arc<CertificateAuthority>,
    registry: Registry,
) -> Service {
    let (follower, checked) = (authority.clone(), authority.clone());
    let (finishing, warned) = (authority.clone(), authority.clone());
    let complaining = authority.clone();
    let ending = authority.clone();
    sigstead_audit::recorded(Service::new("ca", listeners), sigstead_proto::fields)
        .public(api::http::routes(authority.clone()))
        .grpc(api::grpc::service(authority.clone()), api::grpc::METHODS)
        .admin_grpc(api::admin::service(authority), api::admin::METHODS)
        .access(sigstead_config::ACCESS)
        .definitions(
            sigstead_proto::FILE_DESCRIPTOR_SET,
            sigstead_proto::elements,
        )
        .readiness("authority", move || {
            std::future::ready(checked.check_ready())
        })
        .warning("issuers", move || unusable_issuers(&warned))
        .warning("used tokens", move || complaining.token_uses_complaint())
        .task("issuer keys", move |stop| follow_issuers(follower, stop))
        .task("issuances", move |stop| async move {
            stop.cancelled().await;
            finishing.finish().await;
        })
        .certificate("chain", move || ending.keys().0.ends().unix_timestamp())
        .metrics(registry)
}

/// Keeps the issuers' keys at hand, so that neither the first token nor the first after a rotation
/// waits for them.
async fn follow_issuers(authority: Arc<CertificateAuthority>, stop: CancellationToken) {
    let follow = async {
        loop {
            authority.parts().issuers.refresh();
            tokio::time::sleep(FOLLOW_INTERVAL).await;
        }
    };
    stop.run_until_cancelled(follow).await;
}

/// An issuer that is down keeps its own tokens from being verified and no others, so the authority is ready
/// without it.
fn unusable_issuers(authority: &CertificateAuthority) -> Option<String> {
    let states = authority.parts().issuers.states().into_iter();
    let failed: Vec<String> = states
        .filter_map(|state| state.keys)
        .filter(|keys| !keys.is_usable)
        .filter_map(|keys| keys.failing)
        .filter(|failing| failing.since >= UNUSABLE_FOR)
        .map(|failing| sigstead_kit::causes(&failing.error))
        .collect();
    if failed.is_empty() {
        return None;
    }
    Some(format!(
        "tokens of {} issuer(s) are answered with 503: {}",
        failed.len(),
        failed.join("; ")
    ))
}

pub(crate) async fn read_text(path: &Path) -> Result<String, Error> {
    tokio::fs::read_to_string(path)
        .await
        .map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })
}

/// RFC 6962 §2.1.4 knows two kinds of keys.
pub(crate) async fn read_log_key(path: &Path) -> Result<PublicKey, Error> {
    let key = PublicKey::from_pem(&read_text(path).await?).map_err(|source| Error::CtLogKey {
        path: path.to_owned(),
        source,
    })?;
    let algorithm = key.algorithm();
    if algorithm != Algorithm::EcdsaP256Sha256 && !algorithm.is_rsa() {
        return Err(Error::CtLogKeyKind {
            path: path.to_owned(),
        });
    }
    Ok(key)
}

pub(crate) fn fetch_options(config: &Config) -> FetchOptions {
    let longest = FetchOptions::default().timeout;
    FetchOptions {
        connect_timeout: config.client.connect_timeout.duration(),
        timeout: config.client.timeout.duration().min(longest),
    }
}

/// How often it is looked whether the keys of an issuer are to be fetched. Each issuer has pauses of its
/// own; the shortest is half a second.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(250);
/// Services start in any order, so an issuer may be a little late.
const UNUSABLE_FOR: Duration = Duration::from_secs(30);
