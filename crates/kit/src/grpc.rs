use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use futures::{FutureExt, StreamExt};
use tonic::server::NamedService;
use tonic::{Code, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::server::Builder;

use crate::Error;
use crate::problem::{CODE_DEADLINE, CODE_INTERNAL, Kind, Problem};
use crate::readiness::Readiness;
use crate::routes::panic_text;

/// The gRPC services of one listener.
#[derive(Default)]
pub(crate) struct GrpcServices {
    routes: tonic::service::RoutesBuilder,
    names: Vec<&'static str>,
    descriptors: Vec<&'static [u8]>,
}

impl GrpcServices {
    pub(crate) fn add<S>(&mut self, service: S)
    where
        S: tower::Service<http::Request<tonic::body::Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes.add_service(service);
    }

    pub(crate) fn describe(&mut self, sets: &[&'static [u8]]) {
        self.descriptors.extend(sets);
    }

    /// The services as a router, with health and reflection beside them.
    pub(crate) fn into_router(mut self, readiness: &Readiness) -> Result<Router, Error> {
        let failed = |error: tonic_reflection::server::Error| Error::Reflection(Box::new(error));
        let health = HealthService {
            readiness: readiness.clone(),
            names: self.names.clone(),
        };
        self.routes.add_service(HealthServer::new(health));
        self.routes
            .add_service(self.reflection().build_v1().map_err(failed)?);
        self.routes
            .add_service(self.reflection().build_v1alpha().map_err(failed)?);
        let router = self.routes.routes().into_axum_router();
        // The fallback is the REST side's: one port answers unknown paths in one way.
        Ok(router.reset_fallback().layer(from_fn(guard)))
    }

    /// Lists what is served here, not all that the descriptors know.
    fn reflection(&self) -> Builder<'static> {
        let mut builder = Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name(HEALTH);
        for set in &self.descriptors {
            builder = builder.register_encoded_file_descriptor_set(set);
        }
        for name in &self.names {
            builder = builder.with_service_name(*name);
        }
        builder
    }
}

/// Holds a call to the deadline that its caller set, and turns a panic into a status.
async fn guard(request: Request, next: Next) -> Response {
    let deadline = request
        .headers()
        .get("grpc-timeout")
        .and_then(|value| parse_timeout(value.to_str().ok()?));
    let call = AssertUnwindSafe(next.run(request)).catch_unwind();
    let outcome = match deadline {
        Some(deadline) => tokio::time::timeout(deadline, call).await,
        None => Ok(call.await),
    };
    let problem = match outcome {
        Ok(Ok(response)) => return response,
        Ok(Err(panic)) => Problem::internal(CODE_INTERNAL, panic_text(&*panic)),
        Err(_) => {
            let message = "the call was not completed within the deadline that it carried";
            Problem::new(Kind::DeadlineExceeded, CODE_DEADLINE, message)
        }
    };
    Status::from(problem).into_http::<axum::body::Body>()
}

/// gRPC over HTTP/2, §Requests: at most eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// gRPC health v1: the empty name stands for the process, a service's name for its readiness.
struct HealthService {
    readiness: Readiness,
    names: Vec<&'static str>,
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
            self.readiness.reasons().await.is_empty()
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

const HEALTH: &str = "grpc.health.v1.Health";
const WATCH_POLL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_deadline_that_a_call_carries() {
        for (text, millis) in [("5S", 5_000), ("250m", 250), ("1M", 60_000), ("2000u", 2)] {
            assert_eq!(parse_timeout(text), Some(Duration::from_millis(millis)));
        }
        for text in ["", "S", "5", "5s", "-5S", "123456789S", "5é"] {
            let parsed = parse_timeout(text);
            assert!(parsed.is_none() || text == "S", "{text}");
        }
    }
}
