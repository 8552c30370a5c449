//! Fulcio v2 over HTTP, and the route table of both HTTP faces.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::HeaderMap;
use sigstead_kit::{BodyStyle, Budget, Problem, Routes};

use super::request::{CreateSigningCertificateRequest, authorization, decode};
use super::response::{ConfigurationResponse, SigningCertificateResponse, TrustBundleResponse};
use super::v1;
use crate::audit::RequestOrigin;
use crate::{CertificateAuthority, metrics};

/// The routes of both HTTP faces. `Accept` is not looked at: python and Rust clients ask for PEM and
/// read JSON.
pub(crate) fn routes(authority: Arc<CertificateAuthority>) -> Routes {
    let metrics = authority.parts().metrics.clone();
    Routes::new(BodyStyle::Gateway)
        .post("/api/v2/signingCert", ISSUE, signing_certificate)
        .get("/api/v2/trustBundle", Budget::read(), trust_bundle)
        .get("/api/v2/configuration", Budget::read(), configuration)
        .post("/api/v1/signingCert", ISSUE, v1::signing_certificate)
        .get("/api/v1/rootCert", Budget::read(), v1::root_certificate)
        .healthz()
        .cors_any_origin(&["sigstead-code", "sigstead-request-id"])
        .observed_by(move |request, next| metrics::measure(metrics.clone(), request, next))
        .with_state(authority)
}

async fn signing_certificate(
    State(authority): State<Arc<CertificateAuthority>>,
    origin: RequestOrigin,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<SigningCertificateResponse>, Problem> {
    let request: CreateSigningCertificateRequest = decode(&body)?;
    let chain = authority
        .issue(request.into_issuance(authorization(&headers), origin)?)
        .await?;
    Ok(Json(SigningCertificateResponse::new(&chain)))
}

async fn trust_bundle(
    State(authority): State<Arc<CertificateAuthority>>,
) -> Json<TrustBundleResponse> {
    let (keys, now) = (authority.keys().0, authority.parts().clock.now());
    Json(TrustBundleResponse::new(keys.chains(now)))
}

async fn configuration(
    State(authority): State<Arc<CertificateAuthority>>,
) -> Json<ConfigurationResponse> {
    Json(ConfigurationResponse::new(
        authority.parts().issuers.configured(),
    ))
}

/// Fulcio's body limit. An issuance itself takes five seconds at most, and fetching the keys of an issuer that was never
/// asked before comes first.
pub(super) const ISSUE: Budget = Budget::new(4 * 1024 * 1024, 10);
