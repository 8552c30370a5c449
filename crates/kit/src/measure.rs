use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use tokio::time::Instant;

use crate::Error;

/// Count and duration of the requests of one listener, by route.
#[derive(Clone)]
pub(crate) struct RequestMetrics {
    total: IntCounterVec,
    duration: HistogramVec,
}

impl RequestMetrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self, Error> {
        let total = IntCounterVec::new(
            Opts::new(
                "http_requests_total",
                "Requests answered; failed gRPC calls have the code grpc-N.",
            ),
            &["code", "method", "route"],
        )
        .map_err(Error::Metrics)?;
        let duration = HistogramVec::new(
            HistogramOpts::new(
                "http_request_duration_seconds",
                "Time from a request's head to its answer's head.",
            )
            .buckets(BUCKETS.to_vec()),
            &["method", "route"],
        )
        .map_err(Error::Metrics)?;
        registry
            .register(Box::new(total.clone()))
            .map_err(Error::Metrics)?;
        registry
            .register(Box::new(duration.clone()))
            .map_err(Error::Metrics)?;
        Ok(Self { total, duration })
    }
}

/// Counts and times a request.
pub(crate) async fn measure(
    State(metrics): State<RequestMetrics>,
    request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    // The template, not the path: a label that callers can choose would grow without bound.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_label(request.method());
    let response = next.run(request).await;
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let code = code_label(&response);
    metrics
        .total
        .with_label_values(&[code.as_str(), method, route])
        .inc();
    let elapsed = start.elapsed().as_secs_f64();
    metrics
        .duration
        .with_label_values(&[method, route])
        .observe(elapsed);
    response
}

/// A gRPC call that fails before its first message says so in a header, under the HTTP status 200.
fn code_label(response: &Response) -> String {
    let grpc = response.headers().get("grpc-status");
    match grpc.and_then(|value| value.to_str().ok()) {
        Some(status) if status != "0" => format!("grpc-{status}"),
        _ => response.status().as_str().to_owned(),
    }
}

fn method_label(method: &http::Method) -> &'static str {
    KNOWN_METHODS
        .iter()
        .find(|known| **known == method.as_str())
        .copied()
        .unwrap_or("other")
}

const KNOWN_METHODS: &[&str] = &["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"];

const BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
