use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{HistogramOpts, HistogramVec, IntCounter, Registry};
use tokio::time::Instant;

use crate::Error;

/// What is measured, under the names that Fulcio's dashboards ask for.
#[derive(Clone)]
pub struct Metrics {
    new_certificates: IntCounter,
    latency: HistogramVec,
}

impl Metrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// A name is taken.
    pub fn register(registry: &Registry) -> Result<Self, Error> {
        let new_certificates =
            IntCounter::new("fulcio_new_certs", "Certificates issued.").map_err(Error::Metrics)?;
        let options = HistogramOpts::new("fulcio_api_latency", "Seconds from request to answer.");
        let latency = HistogramVec::new(options, &["code", "method"]).map_err(Error::Metrics)?;
        registry
            .register(Box::new(new_certificates.clone()))
            .map_err(Error::Metrics)?;
        registry
            .register(Box::new(latency.clone()))
            .map_err(Error::Metrics)?;
        Ok(Self {
            new_certificates,
            latency,
        })
    }

    pub(crate) fn certificate_issued(&self) {
        self.new_certificates.inc();
    }
}

/// Times a request of the HTTP faces.
pub(crate) async fn measure(metrics: Metrics, request: Request, next: Next) -> Response {
    let start = Instant::now();
    // Fulcio writes methods small; others than these two have no route.
    let method = match *request.method() {
        http::Method::GET | http::Method::HEAD => "get",
        http::Method::POST => "post",
        _ => "other",
    };
    let response = next.run(request).await;
    let elapsed = start.elapsed().as_secs_f64();
    metrics
        .latency
        .with_label_values(&[response.status().as_str(), method])
        .observe(elapsed);
    response
}
