//! W3C Trace Context (level 1): taken from requests into spans, and put on outgoing calls.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TraceId};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tokio::time::Instant;
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::connected::CallerAddress;
use crate::problem::CODE_HEADER;

/// Puts the current span on an outgoing call as `traceparent` and `tracestate`, so that the callee's
/// spans join the same trace. Without an exporter there is no trace, and nothing is put.
pub fn inject(headers: &mut HeaderMap) {
    inject_context(&Span::current().context(), headers);
}

/// The same as headers of their own.
#[must_use]
pub fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    headers
}

pub(crate) fn inject_context(context: &Context, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(context, &mut Headers(headers));
}

/// The same for the metadata of an outgoing gRPC call.
pub fn inject_metadata(metadata: &mut tonic::metadata::MetadataMap) {
    let mut headers = std::mem::take(metadata).into_headers();
    inject(&mut headers);
    *metadata = tonic::metadata::MetadataMap::from_headers(headers);
}

/// Serves a request within a span that continues the caller's trace.
pub(crate) async fn in_span(mut request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str);
    // The template of a gRPC service is one for all its methods; the path says which.
    let route = if route.ends_with("/{*rest}") {
        request.uri().path()
    } else {
        route
    };
    let id = RequestId::next();
    let caller = request.extensions().get::<CallerAddress>();
    let parent = parent(request.headers());
    // The trace of the caller is in the log also without an exporter, so that the lines of several services about one signing
    // can be found together. The fields are given here rather than recorded later, because the log formats them at each call.
    let span = tracing::info_span!(
        "request",
        otel.name = %format_args!("{} {route}", request.method()),
        otel.kind = "server",
        method = %request.method(),
        route,
        request_id = id.as_str(),
        client = caller.map(|CallerAddress(client)| field::display(client)),
        trace_id = parent.as_ref().and_then(trace_of).map(field::display),
    );
    join(&span, parent);
    request.extensions_mut().insert(id.clone());
    let start = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.set_attribute("status", i64::from(status));
    let millis = start.elapsed().as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::debug!(status, millis, "request answered"));
    // A caller that is refused can name the lines of the log that say why.
    if response.headers().contains_key(CODE_HEADER)
        && let Ok(id) = HeaderValue::from_str(id.as_str())
    {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The number of a request: an extension of each HTTP request and gRPC call. A refusal carries it as `sigstead-request-id`,
/// and the lines of the log about the request have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The number as the answer and the log have it: 16 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The next number. The first one is random, so that the numbers of two processes, or of one before and after a restart,
    /// are not mistaken for each other.
    fn next() -> Self {
        static FIRST: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{:016x}", FIRST.wrapping_add(count)))
    }
}

/// Puts a span into the trace of its caller. A span that begins a trace, for an exporter, is told which.
fn join(span: &Span, parent: Option<Context>) {
    let is_known = parent.as_ref().and_then(trace_of).is_some();
    if let Some(parent) = parent {
        // Without an exporter the span has no trace to join, and that is no error.
        let _joined = span.set_parent(parent);
    }
    if !is_known && let Some(trace_id) = trace_of(&span.context()) {
        span.record("trace_id", field::display(trace_id));
    }
}

fn parent(headers: &HeaderMap) -> Option<Context> {
    headers.contains_key(TRACE_PARENT).then(|| extract(headers))
}

fn trace_of(context: &Context) -> Option<TraceId> {
    let id = context.span().span_context().trace_id();
    (id != TraceId::INVALID).then_some(id)
}

fn extract(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract(&Source(headers))
}

const TRACE_PARENT: &str = "traceparent";
const REQUEST_ID: &str = "sigstead-request-id";

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if value.is_empty() {
            return;
        }
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(key.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            self.0.insert(name, value);
        }
    }
}

struct Source<'a>(&'a HeaderMap);

impl Extractor for Source<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn an_outgoing_call_stays_in_the_trace_of_the_request() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let mut incoming = HeaderMap::new();
            incoming.insert("traceparent", HeaderValue::from_static(PARENT));
            let span = tracing::info_span!("request");
            span.set_parent(extract(&incoming)).unwrap();
            let mut outgoing = HeaderMap::new();
            span.in_scope(|| inject(&mut outgoing));
            let sent = outgoing["traceparent"].to_str().unwrap();
            assert_eq!(&sent[..36], &PARENT[..36]);
            assert_ne!(sent, PARENT);
        });
    }

    #[test]
    fn a_malformed_parent_starts_a_new_trace() {
        let mut incoming = HeaderMap::new();
        incoming.insert("traceparent", HeaderValue::from_static("00-zz-zz-01"));
        assert!(!extract(&incoming).span().span_context().is_valid());
    }

    #[test]
    fn without_a_trace_nothing_is_put_on_the_call() {
        let mut outgoing = HeaderMap::new();
        inject(&mut outgoing);
        assert!(outgoing.is_empty());
    }
}
