use std::pin::Pin;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, Stream};
use tonic::{Code, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::readiness::Readiness;

/// gRPC health v1: the empty name stands for the process, a service's name for its readiness.
pub(super) struct HealthService {
    pub(super) readiness: Readiness,
    pub(super) names: Vec<&'static str>,
}

#[derive(Clone)]
struct Watched {
    readiness: Readiness,
    whole_process: bool,
}

impl HealthService {
    fn find(&self, service: &str) -> Option<Watched> {
        let whole_process = service.is_empty();
        let known = whole_process || self.names.contains(&service);
        known.then(|| Watched {
            readiness: self.readiness.clone(),
            whole_process,
        })
    }
}

impl Watched {
    async fn status(&self) -> ServingStatus {
        let serving = if self.whole_process {
            !self.readiness.is_draining()
        } else {
            self.readiness.recent_reasons().await.is_empty()
        };
        if serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        }
    }
}

#[tonic::async_trait]
impl Health for HealthService {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
        let watched = self
            .find(&request.get_ref().service)
            .ok_or_else(|| Status::new(Code::NotFound, "there is no such service here"))?;
        Ok(tonic::Response::new(answer(watched.status().await)))
    }

    async fn watch(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Self::WatchStream>, Status> {
        let Some(watched) = self.find(&request.get_ref().service) else {
            // The protocol asks for this answer and an open stream, not for an error.
            let unknown = stream::iter([Ok(answer(ServingStatus::ServiceUnknown))]);
            return Ok(tonic::Response::new(Box::pin(
                unknown.chain(stream::pending()),
            )));
        };
        Ok(tonic::Response::new(Box::pin(stream::unfold(
            (watched, None),
            next_change,
        ))))
    }
}

/// The next status that differs from the last one; the end when the service drains.
async fn next_change(
    (watched, last): (Watched, Option<ServingStatus>),
) -> Option<(
    Result<HealthCheckResponse, Status>,
    (Watched, Option<ServingStatus>),
)> {
    if last.is_some() && watched.readiness.is_draining() {
        return None;
    }
    loop {
        let status = watched.status().await;
        if last != Some(status) {
            return Some((Ok(answer(status)), (watched, Some(status))));
        }
        watched.readiness.wait(WATCH_POLL).await;
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}

const WATCH_POLL: Duration = Duration::from_secs(5);
