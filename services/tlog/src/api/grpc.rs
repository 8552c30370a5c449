use std::sync::Arc;

use axum::extract::OriginalUri;
use sigstead_entry::ProposedEntry;
use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::common::v1::LogId;
use sigstead_proto::google_api::HttpBody;
use sigstead_proto::rekor::v1::{InclusionProof, KindVersion, TransparencyLogEntry};
use sigstead_proto::rekor::v2::rekor_server::{Rekor, RekorServer};
use sigstead_proto::rekor::v2::{CreateEntryRequest, EntryBundleRequest, TileRequest};
use tonic::{Request, Response, Status};

use crate::api::http::{TILE, WRITE};
use crate::append::LogEntry;
use crate::error::{AppendError, Error};
use crate::log::TransparencyLog;
use crate::logs::TransparencyLogs;

/// The gRPC face of the same verbs.
pub(crate) fn service(logs: Arc<TransparencyLogs>) -> RekorServer<RekorFace> {
    RekorServer::new(RekorFace { logs })
}

pub(crate) struct RekorFace {
    logs: Arc<TransparencyLogs>,
}

impl RekorFace {
    fn addressed<T>(&self, request: &Request<T>) -> Result<Arc<TransparencyLog>, Status> {
        let set = self.logs.current();
        let log = set.for_host(authority(request));
        log.map(Arc::clone).map_err(to_status)
    }
}

fn authority<T>(request: &Request<T>) -> Option<&str> {
    let OriginalUri(uri) = request.extensions().get()?;
    Some(uri.authority()?.as_str())
}

#[tonic::async_trait]
impl Rekor for RekorFace {
    async fn create_entry(
        &self,
        request: Request<CreateEntryRequest>,
    ) -> Result<Response<TransparencyLogEntry>, Status> {
        let host = authority(&request).map(str::to_owned);
        let proposed = ProposedEntry::try_from(request.into_inner())
            .map_err(|error| AppendError::Wire(error).into());
        let proposed = proposed.map_err(to_status)?;
        let entry = self.logs.append_v2(host.as_deref(), proposed).await;
        Ok(Response::new((&entry.map_err(to_status)?).into()))
    }

    async fn get_tile(&self, request: Request<TileRequest>) -> Result<Response<HttpBody>, Status> {
        let log = self.addressed(&request)?;
        let TileRequest { l, n } = request.into_inner();
        let tile = log.file(&format!("{l}/{n}")).await;
        Ok(body(
            "application/octet-stream",
            tile.map_err(to_status)?.into(),
        ))
    }

    async fn get_entry_bundle(
        &self,
        request: Request<EntryBundleRequest>,
    ) -> Result<Response<HttpBody>, Status> {
        let log = self.addressed(&request)?;
        let path = format!("entries/{}", request.into_inner().n);
        let bundle = log.file(&path).await;
        Ok(body(
            "application/octet-stream",
            bundle.map_err(to_status)?.into(),
        ))
    }

    async fn get_checkpoint(&self, request: Request<()>) -> Result<Response<HttpBody>, Status> {
        let checkpoint = self.addressed(&request)?.checkpoint();
        let checkpoint = checkpoint.map_err(to_status)?;
        Ok(body("text/plain; charset=utf-8", checkpoint.into()))
    }
}

impl From<&LogEntry> for TransparencyLogEntry {
    fn from(entry: &LogEntry) -> Self {
        let head = &entry.checkpoint.head;
        let checkpoint = String::from_utf8_lossy(&entry.checkpoint.note);
        let inclusion_proof = InclusionProof::of(&entry.proof, &head.root, &checkpoint);
        Self {
            log_index: inclusion_proof.log_index,
            log_id: Some(LogId {
                key_id: entry.log_id.to_vec(),
            }),
            kind_version: Some(KindVersion {
                kind: sigstead_entry::KIND.to_owned(),
                version: sigstead_entry::API_VERSION.to_owned(),
            }),
            integrated_time: 0,
            inclusion_promise: None,
            inclusion_proof: Some(inclusion_proof),
            canonicalized_body: entry.canonical_body.to_vec(),
        }
    }
}

fn to_status(error: Error) -> Status {
    Problem::from(error).into()
}

fn body(content_type: &str, data: Vec<u8>) -> Response<HttpBody> {
    Response::new(HttpBody {
        content_type: content_type.to_owned(),
        data,
        extensions: Vec::new(),
    })
}

/// The methods, with the budgets that they have over HTTP.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("CreateEntry", WRITE),
    Method::unary("GetTile", TILE),
    Method::unary("GetEntryBundle", TILE),
    Method::unary("GetCheckpoint", Budget::read()),
];
