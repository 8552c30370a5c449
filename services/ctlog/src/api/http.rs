//! Submission as RFC 6962 §4 has it, reading as static-ct-api has it.

use std::sync::Arc;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ct::EntryKind;
use kit::{BodyStyle, Budget, Problem, Routes};

use crate::api::json;
use crate::{CtLog, Error};

/// The routes of the log.
pub(crate) fn routes(log: Arc<CtLog>) -> Router {
    Routes::new(BodyStyle::Text)
        .healthz()
        .post("/ct/v1/add-chain", SUBMIT, add_chain)
        .post("/ct/v1/add-pre-chain", SUBMIT, add_pre_chain)
        .get("/ct/v1/get-roots", Budget::read(), get_roots)
        .get("/checkpoint", Budget::read(), checkpoint)
        .get("/tile/{*path}", Budget::read(), tile)
        .get("/issuer/{fingerprint}", Budget::read(), issuer)
        .with_state(log)
        .into_router()
}

async fn add_chain(State(log): State<Arc<CtLog>>, body: Bytes) -> Result<Response, Problem> {
    Ok(submit(&log, &body, EntryKind::Certificate).await?)
}

async fn add_pre_chain(State(log): State<Arc<CtLog>>, body: Bytes) -> Result<Response, Problem> {
    Ok(submit(&log, &body, EntryKind::Precertificate).await?)
}

/// The media type of the request does not matter: authorities send several.
async fn submit(log: &CtLog, body: &[u8], kind: EntryKind) -> Result<Response, Error> {
    let sct = log.submit(json::decode_chain(body)?, kind).await?;
    let headers = [(CONTENT_TYPE, "application/json")];
    Ok((headers, json::encode_sct(&sct)?).into_response())
}

async fn get_roots(State(log): State<Arc<CtLog>>) -> Result<Response, Problem> {
    let headers = [(CONTENT_TYPE, "application/json")];
    Ok((headers, json::encode_roots(&log.roots)?).into_response())
}

async fn checkpoint(State(log): State<Arc<CtLog>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, log.checkpoint()).into_response()
}

async fn tile(
    State(log): State<Arc<CtLog>>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let bytes = log.tile(&path).await?;
    Ok((
        [(CONTENT_TYPE, "application/octet-stream"), IMMUTABLE],
        bytes,
    )
        .into_response())
}

async fn issuer(
    State(log): State<Arc<CtLog>>,
    Path(fingerprint): Path<String>,
) -> Result<Response, Problem> {
    let bytes = log.issuer(&fingerprint).await?;
    Ok(([(CONTENT_TYPE, "application/pkix-cert"), IMMUTABLE], bytes).into_response())
}

const IMMUTABLE: (::http::HeaderName, &str) =
    (CACHE_CONTROL, "public, max-age=31536000, immutable");

/// Ten certificates of the longest common size in base64; authorities wait as long as thirty seconds.
pub(crate) const SUBMIT: Budget = Budget::new(128 * 1024, 20);
