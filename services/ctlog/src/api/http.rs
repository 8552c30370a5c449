//! Submission and reading as RFC 6962 §4 has them, and reading as static-ct-api has it.

use std::sync::Arc;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use sigstead_ct::EntryKind;
use sigstead_kit::{BodyStyle, Budget, Path, PeerCertificate, Problem, Query, Routes};
use sigstead_merkle::LeafIndex;
use sigstead_sequencer::BundleReader;

use crate::api::addressed::Addressed;
use crate::api::json;
use crate::error::Error;
use crate::log::CtLog;
use crate::logs::CtLogs;
use crate::read::TileFile;

/// The routes of the logs: each below the host name that is its origin, and below `/logs/{log id}`.
pub(crate) fn routes(logs: Arc<CtLogs>) -> Routes {
    let routes = ["", "/logs/{log_id}"]
        .into_iter()
        .fold(Routes::new(BodyStyle::Text).healthz(), below);
    routes.with_state(logs)
}

fn below(routes: Routes<Arc<CtLogs>>, base: &str) -> Routes<Arc<CtLogs>> {
    let at = |path: &str| format!("{base}{path}");
    let read = Budget::read;
    routes
        .post(&at("/ct/v1/add-chain"), SUBMIT, add_chain)
        .post(&at("/ct/v1/add-pre-chain"), SUBMIT, add_pre_chain)
        .get(&at("/ct/v1/get-roots"), read(), get_roots)
        .get(&at("/ct/v1/get-sth"), read(), get_sth)
        .get(
            &at("/ct/v1/get-sth-consistency"),
            read(),
            get_sth_consistency,
        )
        .get(&at("/ct/v1/get-proof-by-hash"), read(), get_proof_by_hash)
        .get(&at("/ct/v1/get-entries"), read(), get_entries)
        .get(
            &at("/ct/v1/get-entry-and-proof"),
            read(),
            get_entry_and_proof,
        )
        .get(&at("/checkpoint"), read(), checkpoint)
        .get(&at("/tile/{*path}"), TILE, tile)
        .get(&at("/issuer/{fingerprint}"), read(), issuer)
}

async fn add_chain(
    Addressed(log): Addressed,
    shown: Shown,
    body: Bytes,
) -> Result<Response, Problem> {
    Ok(submit(&log, shown, &body, EntryKind::Certificate).await?)
}

async fn add_pre_chain(
    Addressed(log): Addressed,
    shown: Shown,
    body: Bytes,
) -> Result<Response, Problem> {
    Ok(submit(&log, shown, &body, EntryKind::Precertificate).await?)
}

/// The certificate that the caller showed.
type Shown = Option<Extension<PeerCertificate>>;

/// The media type of the request does not matter: authorities send several.
async fn submit(
    log: &CtLog,
    shown: Shown,
    body: &[u8],
    kind: EntryKind,
) -> Result<Response, Error> {
    let shown = shown.map(|Extension(shown)| shown);
    let submitter = log.acceptance.submitters.admit(shown.as_ref())?;
    let chain = json::decode_chain(body, |der| log.acceptance.known.read(der))?;
    let sct = log.submit(submitter, chain, kind).await?;
    let headers = [(CONTENT_TYPE, "application/json")];
    Ok((headers, json::encode_sct(&sct)?).into_response())
}

async fn get_roots(Addressed(log): Addressed) -> Result<Response, Problem> {
    let headers = [(CONTENT_TYPE, "application/json")];
    Ok((
        headers,
        json::encode_roots(&log.acceptance.roots.accepted())?,
    )
        .into_response())
}

async fn get_sth(Addressed(log): Addressed) -> Result<Response, Problem> {
    let head = log.signed_tree_head()?;
    Ok(fresh(json::encode_tree_head(&head)?))
}

async fn get_sth_consistency(
    Addressed(log): Addressed,
    query: Result<Query<BetweenSizes>, Problem>,
) -> Result<Response, Problem> {
    let Query(sizes) = query.map_err(|_| Error::Query("first or second"))?;
    if sizes.first > sizes.second {
        return Err(Error::Query("first").into());
    }
    let proof = log.consistency_proof(sizes.first, sizes.second).await;
    Ok(fresh(json::encode_consistency(&proof.map_err(outside)?)?))
}

async fn get_proof_by_hash(
    Addressed(log): Addressed,
    query: Result<Query<ByHash>, Problem>,
) -> Result<Response, Problem> {
    let Query(asked) = query.map_err(|_| Error::Query("hash or tree_size"))?;
    let leaf_hash = json::decode_hash(&asked.hash)?;
    let proof = log.proof_by_hash(&leaf_hash, asked.tree_size).await;
    Ok(fresh(json::encode_inclusion(&proof.map_err(outside)?)?))
}

async fn get_entries(
    Addressed(log): Addressed,
    query: Result<Query<Range>, Problem>,
) -> Result<Response, Problem> {
    let Query(range) = query.map_err(|_| Error::Query("start or end"))?;
    let entries = log.logged_entries(range.start, range.end).await?;
    Ok(fresh(json::encode_entries(&entries)?))
}

async fn get_entry_and_proof(
    Addressed(log): Addressed,
    query: Result<Query<ByIndex>, Problem>,
) -> Result<Response, Problem> {
    let Query(asked) = query.map_err(|_| Error::Query("leaf_index or tree_size"))?;
    let index = LeafIndex::new(asked.leaf_index);
    let proof = log.inclusion_proof(index, Some(asked.tree_size)).await;
    let proof = proof.map_err(outside)?;
    let entries = log.logged_entries(asked.leaf_index, asked.leaf_index);
    let entry = entries.await?.pop().ok_or(Error::NotFound("entry"))?;
    Ok(fresh(json::encode_entry_and_proof(&entry, &proof)?))
}

/// What is behind the address of a log.
#[derive(Deserialize)]
struct TilePath {
    path: String,
}

#[derive(Deserialize)]
struct IssuerPath {
    fingerprint: String,
}

#[derive(Deserialize)]
struct BetweenSizes {
    first: u64,
    second: u64,
}

#[derive(Deserialize)]
struct ByHash {
    hash: String,
    tree_size: u64,
}

#[derive(Deserialize)]
struct Range {
    start: u64,
    end: u64,
}

#[derive(Deserialize)]
struct ByIndex {
    leaf_index: u64,
    tree_size: u64,
}

// Readers of RFC 6962 know what they ask for beyond the end as a wrong request, those of tiles as something missing.
fn outside(error: Error) -> Error {
    match error {
        Error::Log(sigstead_sequencer::Error::OutOfRange { asked, size }) => Error::RangeOutside {
            start: asked,
            end: asked,
            size,
        },
        error => error,
    }
}

fn fresh(body: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

async fn checkpoint(Addressed(log): Addressed) -> Result<Response, Problem> {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, log.checkpoint()?).into_response())
}

async fn tile(
    Addressed(log): Addressed,
    Path(TilePath { path }): Path<TilePath>,
) -> Result<Response, Problem> {
    let headers = [(CONTENT_TYPE, "application/octet-stream"), IMMUTABLE];
    match log.tile(&path).await? {
        TileFile::Hashes(bytes) => Ok((headers, bytes).into_response()),
        TileFile::Data(reader) => Ok((headers, data_response(reader)).into_response()),
    }
}

fn data_response(reader: BundleReader) -> Response {
    let length = reader.length();
    let pieces = futures::stream::try_unfold(reader, async |mut reader| {
        let piece = reader.next().await.map_err(Error::from)?;
        Ok(piece.map(|piece| (piece, reader)))
    });
    sigstead_kit::streamed(length, pieces)
}

async fn issuer(
    Addressed(log): Addressed,
    Path(IssuerPath { fingerprint }): Path<IssuerPath>,
) -> Result<Response, Problem> {
    let bytes = log.issuer(&fingerprint).await?;
    Ok(([(CONTENT_TYPE, "application/pkix-cert"), IMMUTABLE], bytes).into_response())
}

const IMMUTABLE: (::http::HeaderName, &str) =
    (CACHE_CONTROL, "public, max-age=31536000, immutable");

/// Ten certificates of the longest common size in base64; authorities wait as long as thirty seconds.
pub(crate) const SUBMIT: Budget = Budget::new(128 * 1024, 20);

/// A data tile has 256 entries, each of which came in a request of [`SUBMIT`] and is in it twice.
const TILE: Budget = Budget::read().streaming(256 * 2 * 128 * 1024);
