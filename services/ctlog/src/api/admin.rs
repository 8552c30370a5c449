//! `sigstead.admin.v1.CtLogAdmin`, for the admin listener.

use std::sync::Arc;

use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::ct_log_admin_server::{CtLogAdmin, CtLogAdminServer};
use sigstead_sequencer::PauseReason;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::log::CtLog;
use crate::logs::CtLogs;

/// The admin interface of the logs.
pub(crate) fn service(logs: Arc<CtLogs>) -> CtLogAdminServer<AdminFace> {
    CtLogAdminServer::new(AdminFace(logs))
}

/// The administration of the logs.
pub(crate) struct AdminFace(Arc<CtLogs>);

#[tonic::async_trait]
impl CtLogAdmin for AdminFace {
    async fn list_logs(
        &self,
        _request: Request<wire::ListLogsRequest>,
    ) -> Result<Response<wire::ListLogsResponse>, Status> {
        let logs = self.0.all();
        let logs = logs.iter().map(|log| info(log)).collect();
        Ok(Response::new(wire::ListLogsResponse { logs }))
    }

    async fn open_log(
        &self,
        request: Request<wire::OpenLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let request = request.into_inner();
        // The authority changes over by its own file, so that no log may end in that moment.
        if request.freeze_predecessor || !request.predecessor.is_empty() {
            return Err(status(Error::NotOfThisFace("freeze_predecessor")));
        }
        let logs = Arc::clone(&self.0);
        // An opening goes on when its caller has gone.
        let opening = async move { logs.open_log(&request.config_yaml).await };
        let opened = tokio::spawn(opening).await.map_err(Error::Task);
        let log = opened.and_then(|log| log).map_err(status)?;
        Ok(Response::new(info(&log)))
    }

    async fn freeze_log(
        &self,
        request: Request<wire::FreezeLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let log = self.0.freeze(&request.into_inner().origin).await;
        let log = log.map_err(status)?;
        Ok(Response::new(info(&log)))
    }

    async fn pause_log(
        &self,
        request: Request<wire::PauseLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let wire::PauseLogRequest { origin, reason } = request.into_inner();
        let reason = PauseReason::parse(&reason).map_err(|error| status(error.into()))?;
        let log = self.0.pause(&origin, &reason).await.map_err(status)?;
        Ok(Response::new(info(&log)))
    }

    async fn resume_log(
        &self,
        request: Request<wire::ResumeLogRequest>,
    ) -> Result<Response<wire::LogInfo>, Status> {
        let log = self.0.resume(&request.into_inner().origin).await;
        let log = log.map_err(status)?;
        Ok(Response::new(info(&log)))
    }
}

fn info(log: &CtLog) -> wire::LogInfo {
    let published = log.log.published();
    let health = log.log.health();
    let is_frozen = log.is_frozen();
    let failure = health.read_only.or(health.hindered);
    let failure = failure.filter(|_| !is_frozen);
    let text = |reason: Option<Arc<str>>| reason.map_or_else(String::new, |text| text.to_string());
    let public_key = log.public_key();
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

/// A request is a name and a line of text, or the description of a log; an answer is a line for each log.
const ADMIN: Budget = Budget::new(64 * 1024, 60).answering(1024 * 1024);

/// The methods of the admin interface.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("ListLogs", ADMIN),
    Method::unary("OpenLog", ADMIN),
    Method::unary("FreezeLog", ADMIN),
    Method::unary("PauseLog", ADMIN),
    Method::unary("ResumeLog", ADMIN),
];
