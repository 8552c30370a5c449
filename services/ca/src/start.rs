//! How the parts become a service.

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use sigstead_kit::{Listeners, Service};
use tokio_util::sync::CancellationToken;

use crate::{CertificateAuthority, api};

/// The service of an authority.
pub fn serve(
    listeners: Listeners,
    authority: Arc<CertificateAuthority>,
    registry: Registry,
) -> Service {
    let (follower, checked) = (authority.clone(), authority.clone());
    let (finishing, warned) = (authority.clone(), authority.clone());
    let complaining = authority.clone();
    let (ending, proven) = (authority.clone(), authority.clone());
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
        .tried("key", move || {
            let authority = proven.clone();
            async move { authority.prove_key().await }
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

/// How often it is looked whether the keys of an issuer are to be fetched. Each issuer has pauses of its
/// own; the shortest is half a second.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(250);
/// Services start in any order, so an issuer may be a little late.
const UNUSABLE_FOR: Duration = Duration::from_secs(30);
