//! RFC 3161 over HTTP (§3.4), as Sigstore's clients speak it.

use std::sync::Arc;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use sigstead_kit::{BodyStyle, Budget, Problem, Routes};
use sigstead_tsp::TimeStampReq;

use crate::api::json;
use crate::{Error, TimestampAuthority};

/// The routes of the authority.
pub(crate) fn routes(authority: Arc<TimestampAuthority>) -> Routes {
    Routes::new(BodyStyle::HttpCode)
        .healthz()
        .post("/api/v1/timestamp", STAMP, stamp)
        .get("/api/v1/timestamp/certchain", Budget::read(), chain)
        .get("/ping", Budget::read(), || async { "." })
        .cors_any_origin(&[])
        .with_state(authority)
}

async fn stamp(
    State(authority): State<Arc<TimestampAuthority>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let response = authority.stamp(&decode(&headers, &body)?).await?;
    let headers = [
        (CONTENT_TYPE, "application/timestamp-reply"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, response.into_der()).into_response())
}

async fn chain(State(authority): State<Arc<TimestampAuthority>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/pem-certificate-chain"),
        (CACHE_CONTROL, "max-age=86400"),
    ];
    (headers, authority.chain_pem()).into_response()
}

/// Parameters of the media type do not matter; its case does not either (RFC 9110 §8.3.1).
fn decode(headers: &HeaderMap, body: &[u8]) -> Result<TimeStampReq, Error> {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
    let media_type = media_type.and_then(Result::ok).unwrap_or_default();
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.as_str() {
        "application/timestamp-query" => Ok(TimeStampReq::from_der(body)?),
        "application/json" => json::decode(body),
        _ => Err(Error::MediaType(essence.chars().take(80).collect())),
    }
}

/// A request is a digest and a few numbers; clients wait five seconds.
pub(crate) const STAMP: Budget = Budget::new(16 * 1024, 5);
