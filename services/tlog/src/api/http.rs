use std::convert::Infallible;
use std::sync::Arc;

use ::http::request::Parts;
use ::http::{HeaderValue, StatusCode, header};
use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use kit::{BodyStyle, Budget, Problem, Routes};

use crate::api::json;
use crate::log::{TransparencyLog, TransparencyLogs};

/// The routes of the write interface, and of the read interface under both of its addresses:
/// monitors read below the log's URL, the specification below `/api/v2`.
pub(crate) fn routes(logs: Arc<TransparencyLogs>) -> Router {
    let mut routes =
        Routes::new(BodyStyle::Gateway)
            .healthz()
            .post("/api/v2/log/entries", WRITE, create_entry);
    for base in ["", "/api/v2"] {
        routes = routes
            .get(&format!("{base}/checkpoint"), Budget::read(), checkpoint)
            .get(&format!("{base}/tile/{{*path}}"), Budget::read(), tile);
    }
    routes.with_state(logs).into_router()
}

async fn create_entry(log: AddressedLog, body: Bytes) -> Result<Response, Problem> {
    let proposed = json::decode_request(&body)?;
    let entry = log.0.append(proposed).await?;
    let headers = [(header::CONTENT_TYPE, "application/json")];
    Ok((StatusCode::CREATED, headers, json::encode_entry(&entry)?).into_response())
}

async fn checkpoint(log: AddressedLog) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, log.0.checkpoint()).into_response()
}

async fn tile(log: AddressedLog, Path(path): Path<String>) -> Result<Response, Problem> {
    let bytes = log.0.file(&path).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}

/// The log that a request is for, by the host name in it.
struct AddressedLog(Arc<TransparencyLog>);

impl FromRequestParts<Arc<TransparencyLogs>> for AddressedLog {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        logs: &Arc<TransparencyLogs>,
    ) -> Result<Self, Infallible> {
        // HTTP/2 has the name in the URI, HTTP/1.1 in a header.
        let in_header = parts.headers.get(header::HOST).map(HeaderValue::to_str);
        let authority = match parts.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => in_header.and_then(Result::ok),
        };
        Ok(Self(Arc::clone(logs.for_host(authority))))
    }
}

// Clients wait as long as five seconds (sigstore-js) or ninety (cosign); twenty is what the
// specification tells them to allow.
const WRITE: Budget = Budget::new(256 * 1024, 20);
