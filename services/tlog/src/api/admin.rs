use std::sync::Arc;

use sigstead_entry::v1::{Operator, SearchTerm, TreeId};
use sigstead_kit::{Budget, Method, Problem};
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::get_entry_request::Entry as Asked;
use sigstead_proto::admin::v1::tlog_admin_server::{TlogAdmin, TlogAdminServer};
use sigstead_sequencer::PauseReason;
use tonic::{Request, Response, Status};

use crate::error::{AdminError, Error};
use crate::frame::unframed;
use crate::log::TransparencyLog;
use crate::logs::{Predecessor, TransparencyLogs};
use crate::manage::{Place, Proven};
use crate::side::Side;

/// `sigstead.admin.v1.TlogAdmin`, for the admin listener.
pub(crate) fn service(logs: Arc<TransparencyLogs>) -> TlogAdminServer<AdminFace> {
    TlogAdminServer::new(AdminFace(logs))
}

/// The administration of logs.
pub(crate) struct AdminFace(Arc<TransparencyLogs>);

#[tonic::async_trait]
impl TlogAdmin for AdminFace {
    async fn list_logs(
        &self,
        _request: Request<wire::ListLogsRequest>,
    ) -> Result<Response<wire::ListLogsResponse>, Status> {
        let logs = self.0.current().all();
        let logs = logs.iter().map(|log| info(log)).collect();
        Ok(Response::new(wire::ListLogsResponse { logs }))
    }

    async fn open_log(
        &self,
        request: Request<wire::OpenLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let request = request.into_inner();
        let predecessor = predecessor_of(&request).map_err(status)?;
        let logs = Arc::clone(&self.0);
        // An opening goes on when its caller has gone: a log that was frozen for it stays so.
        let opening = async move { logs.open_log(&request.config_yaml, &predecessor).await };
        let opened = tokio::spawn(opening).await.map_err(Error::Task);
        let log = opened.and_then(|log| log).map_err(status)?;
        Ok(Response::new(info(&log)))
    }

    async fn freeze_log(
        &self,
        request: Request<wire::FreezeLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let log = self.0.freeze_log(&request.into_inner().origin).await;
        let log = log.map_err(status)?;
        Ok(Response::new(info(&log)))
    }

    async fn pause_log(
        &self,
        request: Request<wire::PauseLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let wire::PauseLogRequest { origin, reason } = request.into_inner();
        let reason =
            PauseReason::parse(&reason).map_err(|error| status(AdminError::from(error).into()))?;
        let log = self.0.pause_log(&origin, &reason).await.map_err(status)?;
        Ok(Response::new(info(&log)))
    }

    async fn resume_log(
        &self,
        request: Request<wire::ResumeLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let log = self.0.resume_log(&request.into_inner().origin).await;
        let log = log.map_err(status)?;
        Ok(Response::new(info(&log)))
    }

    async fn get_entry(
        &self,
        request: Request<wire::GetEntryRequest>,
    ) -> Result<Response<wire::Entry>, Status> {
        let wire::GetEntryRequest { origin, entry } = request.into_inner();
        let found = match entry {
            Some(Asked::LeafIndex(index)) => self.0.get_entry(&origin, LeafIndex::new(index)).await,
            Some(Asked::LeafHash(hash)) => match LeafHash::try_from(hash.as_slice()) {
                Ok(hash) => self.0.get_entry_by_hash(&origin, &hash).await,
                Err(_) => Err(not_asked("leaf_hash", "is not 32 bytes")),
            },
            None => Err(not_asked("leaf_index or leaf_hash", "is missing")),
        };
        Ok(Response::new(entry_of(&found.map_err(status)?)))
    }

    async fn search_entries(
        &self,
        request: Request<wire::SearchEntriesRequest>,
    ) -> Result<Response<wire::SearchEntriesResponse>, Status> {
        let wire::SearchEntriesRequest { terms, all_terms } = request.into_inner();
        let terms: Vec<_> = terms.iter().map(|term| SearchTerm::new(term)).collect();
        let operator = if all_terms {
            Operator::And
        } else {
            Operator::Or
        };
        let places = self.0.search_entries(&terms, operator).await;
        let places = places.map_err(status)?.iter().map(place_of).collect();
        Ok(Response::new(wire::SearchEntriesResponse { places }))
    }

    async fn prove_consistency(
        &self,
        request: Request<wire::ProveConsistencyRequest>,
    ) -> Result<Response<wire::ConsistencyProof>, Status> {
        let wire::ProveConsistencyRequest {
            origin,
            first_size,
            second_size,
        } = request.into_inner();
        let proof = self.0.prove_consistency(&origin, first_size, second_size);
        let (proof, root) = proof.await.map_err(status)?;
        Ok(Response::new(wire::ConsistencyProof {
            first_size: proof.first_size,
            second_size: proof.second_size,
            second_root_hash: root.as_bytes().to_vec(),
            hashes: proof
                .hashes
                .iter()
                .map(|hash| hash.as_bytes().to_vec())
                .collect(),
        }))
    }

    async fn rebuild_index(
        &self,
        request: Request<wire::RebuildIndexRequest>,
    ) -> Result<Response<wire::RebuildIndexResponse>, Status> {
        let logs = self.0.rebuild_index(&request.into_inner().origin);
        let logs = u32::try_from(logs.map_err(status)?).unwrap_or(u32::MAX);
        Ok(Response::new(wire::RebuildIndexResponse { logs }))
    }
}

fn predecessor_of(request: &wire::OpenLogRequest) -> Result<Predecessor, Error> {
    match (request.freeze_predecessor, request.predecessor.as_str()) {
        (false, "") => Ok(Predecessor::Keep),
        (false, _) => Err(not_asked(
            "predecessor",
            "is given without freeze_predecessor",
        )),
        (true, "") => Ok(Predecessor::FreezeOnly),
        (true, origin) => Ok(Predecessor::Freeze(origin.to_owned())),
    }
}

fn info(log: &TransparencyLog) -> wire::LogInfo {
    let published = log.published();
    let face = match log.name.tree_id {
        Some(_) => wire::LogFace::RekorV1,
        None => wire::LogFace::RekorV2,
    };
    let health = log.log.health();
    let failure = health.read_only.or(health.hindered);
    let failure = failure.filter(|_| !log.is_frozen());
    let text = |reason: Option<Arc<str>>| reason.map_or_else(String::new, |text| text.to_string());
    wire::LogInfo {
        origin: log.origin().to_string(),
        face: face.into(),
        log_id: log.log_id().to_vec(),
        size: published.head.size,
        root_hash: published.head.root.as_bytes().to_vec(),
        checkpoint: String::from_utf8_lossy(&published.note).into_owned(),
        published: Some(timestamp(published.time_millis / 1000)),
        frozen: log.is_frozen(),
        read_only_reason: text(failure),
        paused_reason: text(health.paused),
        indexed: log.search.covered(),
        tree_id: log.name.tree_id.map_or(0, TreeId::get),
        public_key: log.signer.public_key().spki_der().to_vec(),
    }
}

fn entry_of(proven: &Proven) -> wire::Entry {
    let side = Side::decode(&proven.entry.side);
    let hashes = proven.proof.hashes.iter();
    wire::Entry {
        origin: proven.log.origin().to_string(),
        leaf_index: proven.proof.leaf_index.value(),
        leaf_hash: proven.leaf_hash.as_bytes().to_vec(),
        body: unframed(&proven.entry.bundle).to_vec(),
        integrated_time: side.map(|side| timestamp(side.integrated_time)),
        tree_size: proven.proof.tree_size,
        root_hash: proven.checkpoint.head.root.as_bytes().to_vec(),
        inclusion_proof: hashes.map(|hash| hash.as_bytes().to_vec()).collect(),
        checkpoint: String::from_utf8_lossy(&proven.checkpoint.note).into_owned(),
    }
}

fn place_of(place: &Place) -> wire::EntryPlace {
    let id = place.entry_id();
    wire::EntryPlace {
        origin: place.log.origin().to_string(),
        leaf_index: place.index.value(),
        leaf_hash: place.leaf_hash.as_bytes().to_vec(),
        entry_id: id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn timestamp(seconds: u64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
        nanos: 0,
    }
}

const fn not_asked(field: &'static str, wrong: &'static str) -> Error {
    Error::Field { field, wrong }
}

fn status(error: Error) -> Status {
    Problem::from(error).into()
}

/// What an administrator asks for may take longer than what strangers do.
const ADMIN: Budget = Budget::new(1024 * 1024, 60).answering(8 * 1024 * 1024);

/// The methods of the admin interface.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("ListLogs", ADMIN),
    Method::unary("OpenLog", ADMIN),
    Method::unary("FreezeLog", ADMIN),
    Method::unary("PauseLog", ADMIN),
    Method::unary("ResumeLog", ADMIN),
    Method::unary("GetEntry", ADMIN),
    Method::unary("SearchEntries", ADMIN),
    Method::unary("ProveConsistency", ADMIN),
    Method::unary("RebuildIndex", ADMIN),
];
