use std::convert::Infallible;
use std::sync::Arc;

use ::http::request::Parts;
use ::http::{HeaderValue, StatusCode, header};
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use sigstead_kit::{BodyStyle, Budget, Path, Problem, Routes};
use sigstead_sequencer::BundleReader;

use crate::api::{json, rekor_v1};
use crate::error::Error;
use crate::log::TransparencyLog;
use crate::logs::TransparencyLogs;
use crate::read::File;

/// The routes of both faces. Tiles and checkpoints are read under three addresses: monitors read below the log's URL, the
/// specification of Rekor v2 below `/api/v2`, and every log, of whichever face and age, is below `/logs/{log id}`.
pub(crate) fn routes(logs: Arc<TransparencyLogs>) -> Routes {
    let mut routes =
        Routes::new(BodyStyle::Gateway)
            .healthz()
            .post("/api/v2/log/entries", WRITE, create_entry);
    for base in ["", "/api/v2"] {
        routes = routes
            .get(&format!("{base}/checkpoint"), Budget::read(), checkpoint)
            .get(&format!("{base}/tile/{{*path}}"), FILE, tile);
    }
    let routes = routes
        .get("/logs/{log_id}/checkpoint", Budget::read(), checkpoint_of)
        .get("/logs/{log_id}/tile/{*path}", FILE, tile_of)
        .merge(rekor_v1::routes())
        .cors_any_origin(&["etag", "location", "sigstead-code"]);
    routes.with_state(logs)
}

async fn create_entry(
    State(logs): State<Arc<TransparencyLogs>>,
    host: AddressedHost,
    body: Bytes,
) -> Result<Response, Problem> {
    let proposed = json::decode_request(&body)?;
    let entry = logs.append_v2(host.0.as_deref(), proposed).await?;
    let headers = [(header::CONTENT_TYPE, "application/json")];
    Ok((StatusCode::CREATED, headers, json::encode_entry(&entry)?).into_response())
}

async fn checkpoint(log: AddressedLog) -> Result<Response, Problem> {
    checkpoint_response(&log.0)
}

async fn tile(log: AddressedLog, Path(path): Path<String>) -> Result<Response, Problem> {
    tile_response(&log.0, &path).await
}

async fn checkpoint_of(
    State(logs): State<Arc<TransparencyLogs>>,
    Path(log_id): Path<String>,
) -> Result<Response, Problem> {
    let log = logs.current().by_log_id(&log_id)?;
    checkpoint_response(&log)
}

async fn tile_of(
    State(logs): State<Arc<TransparencyLogs>>,
    Path((log_id, path)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let log = logs.current().by_log_id(&log_id)?;
    tile_response(&log, &path).await
}

fn checkpoint_response(log: &TransparencyLog) -> Result<Response, Problem> {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, log.checkpoint()?).into_response())
}

async fn tile_response(log: &TransparencyLog, path: &str) -> Result<Response, Problem> {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    match log.read_file(path).await? {
        File::Tile(bytes) => Ok((headers, bytes).into_response()),
        File::Bundle(reader) => Ok((headers, bundle_response(reader)).into_response()),
    }
}

fn bundle_response(reader: BundleReader) -> Response {
    let length = reader.length();
    let pieces = futures::stream::try_unfold(reader, async |mut reader| {
        let piece = reader.next().await.map_err(Error::from)?;
        Ok(piece.map(|piece| (piece, reader)))
    });
    sigstead_kit::streamed(length, pieces)
}

/// The log that a request is for, by the host name in it.
struct AddressedLog(Arc<TransparencyLog>);

impl FromRequestParts<Arc<TransparencyLogs>> for AddressedLog {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        logs: &Arc<TransparencyLogs>,
    ) -> Result<Self, Problem> {
        let authority = authority(parts);
        Ok(Self(Arc::clone(logs.current().for_host(authority)?)))
    }
}

/// The host name in a request, which may mean one log now and another one in a moment.
struct AddressedHost(Option<String>);

impl<S: Sync> FromRequestParts<S> for AddressedHost {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(authority(parts).map(str::to_owned)))
    }
}

fn authority(parts: &Parts) -> Option<&str> {
    // HTTP/2 has the name in the URI, HTTP/1.1 in a header.
    let in_header = parts.headers.get(header::HOST).map(HeaderValue::to_str);
    match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => in_header.and_then(Result::ok),
    }
}

// Clients wait as long as five seconds (sigstore-js) or ninety (cosign); twenty is what the
// specification tells them to allow.
pub(super) const WRITE: Budget = Budget::new(4 * 1024 * 1024, 20);

/// A message of gRPC is whole.
pub(super) const TILE: Budget = Budget::read().answering(LARGEST_BUNDLE);
const FILE: Budget = Budget::read().streaming(LARGEST_BUNDLE);
/// A bundle is the largest that there is: its entries, with a length of two bytes before each.
const LARGEST_BUNDLE: usize = 256 * (2 + 0xffff);
