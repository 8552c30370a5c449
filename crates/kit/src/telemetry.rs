use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};
use url::Url;

use crate::error::Error;

mod json;

use json::JsonLines;

/// What the process says about itself, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The least important messages that are written: `error`, `warn`, `info`, `debug` or `trace`.
    /// Default `info`. At `debug` every request is a line. Read again at SIGHUP. Traces do not depend
    /// on it.
    pub log_level: LogLevel,
    /// `text` for people or `json` for machines, one line per message on standard error. Default
    /// `text`.
    pub log_format: LogFormat,
    /// Where traces go, as OTLP over gRPC without TLS, such as `http://localhost:4317`. Default
    /// none: no traces. An unreachable collector costs traces, never requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<Url>,
}

/// The least important messages that are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Someone must look.
    Error,
    /// Something is not as it should be, and the service copes.
    Warn,
    /// What an operator wants to have seen.
    #[default]
    Info,
    /// Every request.
    Debug,
    /// Every step.
    Trace,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Logging and tracing of the process, from [`Telemetry::init`] to [`Telemetry::shutdown`].
#[derive(Debug)]
#[must_use = "spans that are not flushed are lost"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
    filter: LogFilter,
}

/// Which messages of the process are written; it can be changed while it runs.
#[derive(Debug, Clone)]
pub(crate) struct LogFilter(reload::Handle<Targets, Registry>);

impl LogFilter {
    pub(crate) fn set(&self, level: LogLevel) {
        // It fails only when the subscriber is gone, and then nothing is written anyway.
        let _changed = self.0.reload(filter(level));
    }
}

impl Telemetry {
    /// Installs the process-wide subscriber. With an exporter, call it inside the runtime.
    ///
    /// # Errors
    /// It was called before, or the exporter's endpoint is unusable.
    pub fn init(config: &TelemetryConfig, service: &'static str) -> Result<Self, Error> {
        let provider = config
            .otlp_endpoint
            .as_ref()
            .map(|url| exporter(url, service))
            .transpose()?;
        let spans = provider.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("sigstead"))
                // Its own, for a log that says little must not cost the traces.
                .with_filter(filter(LogLevel::Info))
                .boxed()
        });
        let (level, handle) = reload::Layer::new(filter(config.log_level));
        tracing_subscriber::registry()
            .with(lines(config.log_format).with_filter(level))
            .with(spans)
            .try_init()
            .map_err(|_| Error::LoggingTwice)?;
        let filter = LogFilter(handle);
        Ok(Self { provider, filter })
    }

    pub(crate) fn filter(&self) -> LogFilter {
        self.filter.clone()
    }

    /// Sends the spans that are still held.
    pub async fn shutdown(self) {
        let Some(provider) = self.provider else {
            return;
        };
        // It blocks until the collector answered or its own time-out passed.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

pub(crate) fn exporter(endpoint: &Url, service: &'static str) -> Result<SdkTracerProvider, Error> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.as_str())
        .build()
        .map_err(|error| Error::Telemetry {
            endpoint: endpoint.clone(),
            source: Box::new(error),
        })?;
    let resource = Resource::builder()
        .with_service_name(format!("sigstead-{service}"))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => layer.with_ansi(false).with_target(false).boxed(),
        LogFormat::Json => layer
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .boxed(),
    }
}

fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // The protocol libraries describe every frame at these levels, and the exporter traces itself.
    let quiet = [
        "h2",
        "hyper",
        "hyper_util",
        "rustls",
        "tower",
        "reqwest",
        "sled",
        "opentelemetry",
    ];
    Targets::new()
        .with_default(level)
        // Says again, as an error, what its caller is told and judges.
        .with_target("rustls_platform_verifier", LevelFilter::OFF)
        .with_targets(quiet.map(|target| (target, level.min(LevelFilter::WARN))))
        .with_target(AUDIT_TARGET, level.max(LevelFilter::INFO))
}

/// Audit events are records, not log lines: a quiet log must not lose them.
const AUDIT_TARGET: &str = "audit";
