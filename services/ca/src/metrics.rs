use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
};
use sigstead_issuance::IssuanceRecord;
use tokio::time::Instant;

use crate::error::Error;

/// What is measured, under the names that Fulcio's dashboards ask for.
#[derive(Clone)]
pub struct Metrics {
    new_certificates: IntCounter,
    latency: HistogramVec,
    under_way: IntGauge,
    put_off: IntCounterVec,
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
        let under_way = IntGauge::new(
            "sigstead_ca_issuances_under_way",
            "Certificates that are being issued, those included that nobody waits for any more.",
        );
        let under_way = under_way.map_err(Error::Metrics)?;
        let options = Opts::new(
            "sigstead_ca_issuances_put_off_total",
            "Good requests that were answered with 503 before a certificate was signed or after it, by the reason.",
        );
        let put_off = IntCounterVec::new(options, &["reason"]).map_err(Error::Metrics)?;
        let metrics = Self {
            new_certificates,
            latency,
            under_way,
            put_off,
        };
        metrics.register_all(registry).map_err(Error::Metrics)?;
        sigstead_signer::register(registry).map_err(Error::Metrics)?;
        // A rate is seen only of what was there before it was counted.
        for reason in REASONS {
            metrics.put_off.with_label_values(&[reason]);
        }
        Ok(metrics)
    }

    fn register_all(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        registry.register(Box::new(self.new_certificates.clone()))?;
        registry.register(Box::new(self.latency.clone()))?;
        registry.register(Box::new(self.under_way.clone()))?;
        registry.register(Box::new(self.put_off.clone()))
    }

    pub(crate) fn certificate_issued(&self) {
        self.new_certificates.inc();
    }

    pub(crate) fn under_way(&self) -> IntGauge {
        self.under_way.clone()
    }

    /// Counts what is not the caller's fault and passes. Other errors have no reason here.
    pub(crate) fn put_off(&self, error: &Error) {
        let reason = match error {
            Error::TooManyUnderWay => "too_many_under_way",
            Error::RecordLate => "record_late",
            Error::Record(_) => "record",
            Error::TokenUseLate => "token_use_late",
            Error::TokenUses(_) => "token_use",
            _ => return,
        };
        self.put_off.with_label_values(&[reason]).inc();
    }
}

/// Why requests are put off.
const REASONS: [&str; 5] = [
    "too_many_under_way",
    "record_late",
    "record",
    "token_use_late",
    "token_use",
];

/// Shows whether the record takes issuances, as it is when somebody looks.
pub(crate) struct RecordMetric {
    record: Arc<dyn IssuanceRecord>,
    writable: IntGauge,
}

impl RecordMetric {
    pub(crate) fn register(
        registry: &Registry,
        record: Arc<dyn IssuanceRecord>,
    ) -> Result<(), prometheus::Error> {
        let writable = IntGauge::new(
            "sigstead_ca_record_writable",
            "Whether the issuance record takes issuances; without it no certificate is issued.",
        )?;
        registry.register(Box::new(Self { record, writable }))
    }
}

impl Collector for RecordMetric {
    fn desc(&self) -> Vec<&Desc> {
        self.writable.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.writable.set(i64::from(self.record.check().is_ok()));
        self.writable.collect()
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
