//! Fulcio v1 over HTTP, for gitsign and cosign v2: PEM out, status 201, and no `SCT` header, because
//! a client that sees one expects a detached SCT.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use sigstead_kit::Problem;
use sigstead_x509::Certificate;

use super::request::{LegacyRequest, authorization, decode};
use crate::CertificateAuthority;
use crate::audit::RequestOrigin;

pub(super) async fn signing_certificate(
    State(authority): State<Arc<CertificateAuthority>>,
    origin: RequestOrigin,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let request: LegacyRequest = decode(&body)?;
    let chain = authority
        .issue(request.into_issuance(authorization(&headers), origin)?)
        .await?;
    Ok(pem_response(StatusCode::CREATED, &chain))
}

pub(super) async fn root_certificate(
    State(authority): State<Arc<CertificateAuthority>>,
) -> Response {
    let key = authority.key_at(authority.parts().clock.now());
    pem_response(StatusCode::OK, key.chain().certificates())
}

fn pem_response<'a>(
    status: StatusCode,
    chain: impl IntoIterator<Item = &'a Certificate>,
) -> Response {
    let body: String = chain.into_iter().map(Certificate::to_pem).collect();
    (
        status,
        [(header::CONTENT_TYPE, "application/pem-certificate-chain")],
        body,
    )
        .into_response()
}
