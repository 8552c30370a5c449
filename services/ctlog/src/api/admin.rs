//! `sigstead.admin.v1.CtLogAdmin`, for the admin listener.

use std::sync::Arc;

use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::ct_log_admin_server::{CtLogAdmin, CtLogAdminServer};
use sigstead_sequencer::PauseReason;
use tonic::{Request, Response, Status};

use crate::{CtLog, Error};

/// The admin interface of a log.
pub(crate) fn service(log: Arc<CtLog>) -> CtLogAdminServer<AdminFace> {
    CtLogAdminServer::new(AdminFace(log))
}

/// The administration of a log.
pub(crate) struct AdminFace(Arc<CtLog>);

#[tonic::async_trait]
impl CtLogAdmin for AdminFace {
    async fn list_logs(
        &self,
        _request: Request<wire::ListLogsRequest>,
    ) -> Result<Response<wire::ListLogsResponse>, Status> {
        let logs = vec![info(&self.0)];
        Ok(Response::new(wire::ListLogsResponse { logs }))
    }

    async fn pause_log(
        &self,
        request: Request<wire::PauseLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let wire::PauseLogRequest { origin, reason } = request.into_inner();
        let reason = PauseReason::parse(&reason).map_err(|error| status(error.into()))?;
        self.0.pause(&origin, &reason).await.map_err(status)?;
        Ok(Response::new(info(&self.0)))
    }

    async fn resume_log(
        &self,
        request: Request<wire::ResumeLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let origin = request.into_inner().origin;
        self.0.resume(&origin).await.map_err(status)?;
        Ok(Response::new(info(&self.0)))
    }
}

fn info(log: &CtLog) -> wire::LogInfo {
    let published = log.log.published();
    let health = log.log.health();
    let is_frozen = log.log.is_frozen();
    let failure = health.read_only.or(health.hindered);
    let failure = failure.filter(|_| !is_frozen);
    let text = |reason: Option<Arc<str>>| reason.map_or_else(String::new, |text| text.to_string());
    let public_key = log.signer.public_key();
    wire::LogInfo {
        origin: log.origin.to_string(),
        face: wire::LogFace::Ct.into(),
        log_id: public_key.log_id().as_bytes().to_vec(),
        size: published.head.size,
        root_hash: published.head.root.as_bytes().to_vec(),
        checkpoint: String::from_utf8_lossy(&published.note).into_owned(),
        published: Some(prost_types::Timestamp {
            seconds: i64::try_from(published.time_millis / 1000).unwrap_or(i64::MAX),
            nanos: 0,
        }),
        frozen: is_frozen,
        read_only_reason: text(failure),
        paused_reason: text(health.paused),
        indexed: log.leaves.covered(),
        tree_id: 0,
        public_key: public_key.spki_der().to_vec(),
    }
}

fn status(error: Error) -> Status {
    Problem::from(error).into()
}

/// A request is a name and a line of text.
const ADMIN: Budget = Budget::new(16 * 1024, 60);

/// The methods of the admin interface.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("ListLogs", ADMIN),
    Method::unary("PauseLog", ADMIN),
    Method::unary("ResumeLog", ADMIN),
];
