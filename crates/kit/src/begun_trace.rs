use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, TraceContextExt, TraceId, Tracer, TracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use url::Url;

use crate::error::Error;
use crate::telemetry::exporter;
use crate::trace::inject_context;

/// A trace that a program begins which calls services and serves nothing: one span over all that it does, below which are
/// those of the services.
#[must_use = "a trace that is not ended is not exported"]
pub struct BegunTrace {
    provider: SdkTracerProvider,
    context: Context,
}

impl BegunTrace {
    /// Begins a trace. Its span goes to `endpoint`, as OTLP over gRPC; without one the services' spans have a parent that is
    /// nowhere, and are one trace all the same. With one, call it inside the runtime.
    ///
    /// # Errors
    /// The endpoint is unusable.
    pub fn begin(
        program: &'static str,
        name: &'static str,
        endpoint: Option<&Url>,
    ) -> Result<Self, Error> {
        let provider = match endpoint {
            Some(url) => exporter(url, program)?,
            None => SdkTracerProvider::builder().build(),
        };
        let tracer = provider.tracer("sigstead");
        let span = tracer.span_builder(name).with_kind(SpanKind::Client);
        let context = Context::new().with_span(span.start(&tracer));
        Ok(Self { provider, context })
    }

    /// The identifier of the trace.
    #[must_use]
    pub fn id(&self) -> TraceId {
        self.context.span().span_context().trace_id()
    }

    /// With what a call joins the trace.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        inject_context(&self.context, &mut headers);
        headers
    }

    /// Ends the span, and sends it. A collector that is not there costs the trace and nothing else.
    pub async fn end(self) {
        self.context.span().end();
        // It blocks until the collector answered or its own time-out passed.
        let ended = tokio::task::spawn_blocking(move || self.provider.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the trace was not exported");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_join_a_trace_that_nobody_collects() {
        let trace = BegunTrace::begin("test", "test", None).unwrap();
        let id = trace.id().to_string();
        let parent = trace.headers()["traceparent"].to_str().unwrap().to_owned();
        assert!(parent.starts_with(&format!("00-{id}-")), "{parent}");
        // Sampled: a service that has an exporter exports its spans.
        assert!(parent.ends_with("-01"), "{parent}");
        let other = BegunTrace::begin("test", "test", None).unwrap();
        assert_ne!(other.id(), trace.id());
        trace.end().await;
    }
}
