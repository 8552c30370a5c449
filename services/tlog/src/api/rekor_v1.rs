use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use sigstead_entry::v1::{EntryId, ProposedEntry, SearchQuery, TreeId};
use sigstead_kit::{BodyStyle, Budget, Path, Problem, Query, Routes};

use crate::api::rekor_v1_json as json;
use crate::error::{AppendError, Error, ReadError};
use crate::logs::TransparencyLogs;

/// The routes of Rekor v1 (openapi.yaml of rekor 1.5).
pub(crate) fn routes() -> Routes<Arc<TransparencyLogs>> {
    Routes::new(BodyStyle::Rekor1)
        .below("/api/v1/")
        .get("/", Budget::read(), welcome)
        .get("/ping", Budget::read(), ping)
        .post(ENTRIES, WRITE, create_entry)
        .get(ENTRIES, Budget::read(), entry_by_index)
        .get("/api/v1/log/entries/{id}", Budget::read(), entry_by_id)
        .post("/api/v1/log/entries/retrieve", RETRIEVE, retrieve)
        .post("/api/v1/log/entries/retrieve/", RETRIEVE, retrieve)
        .get("/api/v1/log", Budget::read(), log_info)
        .get("/api/v1/log/publicKey", Budget::read(), public_key)
        .get("/api/v1/log/proof", Budget::read(), consistency_proof)
        .post("/api/v1/index/retrieve", SEARCH, search)
}

async fn welcome() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (headers, include_str!("welcome.html")).into_response()
}

async fn ping() -> &'static str {
    "."
}

async fn create_entry(
    State(logs): State<Arc<TransparencyLogs>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    check_json(&headers)?;
    let proposed = ProposedEntry::from_json(&body).map_err(Error::from)?;
    let entry = match logs.append_v1(proposed).await {
        Err(Error::Append(AppendError::Equivalent(id))) => return Ok(conflict(&id)),
        appended => appended?,
    };
    let mut response = json_response(StatusCode::CREATED, json::entry(&entry)?);
    add_place(&mut response, &entry.id);
    // Without quotes: clients look the entry up in the body by this very text.
    if let Ok(etag) = HeaderValue::from_str(&entry.id.to_string()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

async fn entry_by_index(
    State(logs): State<Arc<TransparencyLogs>>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Problem> {
    let log_index = parameters.number("logIndex")?;
    let log_index = log_index.ok_or(ReadError::Query("logIndex"))?;
    let set = logs.current();
    let found = set.rekor_v1()?.by_index(log_index).await?;
    let entry = found.ok_or(ReadError::NoSuchEntry)?;
    Ok(fresh(json_response(StatusCode::OK, json::entry(&entry)?)))
}

async fn entry_by_id(
    State(logs): State<Arc<TransparencyLogs>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = EntryId::parse(&id).map_err(ReadError::V1Request)?;
    let found = logs.current().rekor_v1()?.by_id(&id).await?;
    let entry = found.ok_or(ReadError::NoSuchEntry)?;
    Ok(fresh(json_response(StatusCode::OK, json::entry(&entry)?)))
}

async fn retrieve(
    State(logs): State<Arc<TransparencyLogs>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    check_json(&headers)?;
    let retrieval = json::retrieval(&body)?;
    let entries = logs.current().rekor_v1()?.retrieve(retrieval).await?;
    Ok(json_response(StatusCode::OK, json::entries(&entries)?))
}

async fn log_info(State(logs): State<Arc<TransparencyLogs>>) -> Result<Response, Problem> {
    let set = logs.current();
    let info = json::log_info(set.rekor_v1()?)?;
    Ok(fresh(json_response(StatusCode::OK, info)))
}

async fn public_key(
    State(logs): State<Arc<TransparencyLogs>>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Problem> {
    let set = logs.current();
    let shard = set.rekor_v1()?.shard(parameters.tree_id()?)?;
    let pem = shard.log.signer.public_key().to_pem();
    Ok(fresh(
        ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response(),
    ))
}

async fn consistency_proof(
    State(logs): State<Arc<TransparencyLogs>>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Problem> {
    let first = parameters.number("firstSize")?.unwrap_or(1);
    let last = parameters.number("lastSize")?;
    let last = last.ok_or(ReadError::Query("lastSize"))?;
    let set = logs.current();
    let shard = set.rekor_v1()?.shard(parameters.tree_id()?)?;
    let head = shard.log.published().head;
    if first == 0 || first > last {
        return Err(ReadError::SizesReversed { first, last }.into());
    }
    if last > head.size {
        return Err(ReadError::SizeBeyond(last).into());
    }
    let proof = shard.log.log.consistency_proof(first, last).await;
    let root = shard.log.log.root(last).await.map_err(Error::from)?;
    let proof = proof.map_err(Error::from)?;
    let body = json::consistency_proof(&root, &proof)?;
    Ok(fresh(json_response(StatusCode::OK, body)))
}

async fn search(
    State(logs): State<Arc<TransparencyLogs>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    check_json(&headers)?;
    let query = SearchQuery::from_json(&body).map_err(ReadError::V1Request)?;
    let ids = logs.current().rekor_v1()?.search(&query).await?;
    Ok(json_response(StatusCode::OK, json::ids(&ids)?))
}

/// The parameters of a query, as they stand in it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn once(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut found = self.0.iter().filter(|(found, _)| found == name);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(ReadError::Query(name).into()),
            (found, None) => Ok(found.map(|(_, value)| value.as_str())),
        }
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, Error> {
        let number = |text: &str| match text.parse::<i64>() {
            // The library would also read a leading plus sign.
            Ok(_) if text.starts_with('+') => Err(ReadError::Query(name).into()),
            Ok(number) => u64::try_from(number).map_err(|_| ReadError::Query(name).into()),
            Err(_) => Err(ReadError::Query(name).into()),
        };
        self.once(name)?.map(number).transpose()
    }

    fn tree_id(&self) -> Result<Option<TreeId>, Error> {
        let text = self.once("treeID")?;
        let tree_id = text.map(TreeId::parse_decimal).transpose();
        tree_id.map_err(|error| ReadError::V1Request(error).into())
    }
}

fn check_json(headers: &HeaderMap) -> Result<(), Error> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let media_type = content_type.and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next());
    if media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json")) {
        Ok(())
    } else {
        Err(AppendError::NotJson.into())
    }
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

// Clients of a busy log learn from this answer alone where the entry is, so it has to be whole.
fn conflict(id: &EntryId) -> Response {
    let mut response = Problem::from(Error::Append(AppendError::Equivalent(id.clone())))
        .response(BodyStyle::Rekor1);
    add_place(&mut response, id);
    response
}

fn add_place(response: &mut Response, id: &EntryId) {
    if let Ok(place) = HeaderValue::from_str(&format!("{ENTRIES}/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
}

// Proofs change with each round.
fn fresh(mut response: Response) -> Response {
    let value = HeaderValue::from_static(
        "no-cache, no-store, no-transform, must-revalidate, private, max-age=0",
    );
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

const ENTRIES: &str = "/api/v1/log/entries";

// An attestation travels whole, though only its digests are logged.
const WRITE: Budget = Budget::new(8 * 1024 * 1024, 20);
/// Ten entries of the longest, in base64, with their proofs.
const RETRIEVE: Budget = Budget::new(8 * 1024 * 1024, 20)
    .answering(2 * 1024 * 1024)
    .searching();
const SEARCH: Budget = Budget::new(64 * 1024, 10)
    .answering(8 * 1024 * 1024)
    .searching();
