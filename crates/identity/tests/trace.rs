//! The documents of an issuer are fetched in the trace of the request that needs them, and strangers learn nothing of it.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use sigstead_identity::{
    DocumentRequest, Fetch as _, FetchOptions, HttpFetch, IssuersConfig, NamedBy, Reach,
};
use tokio::net::TcpListener;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use url::Url;

async fn context(headers: HeaderMap) -> String {
    let shown = headers.get("traceparent");
    let shown = shown.map_or("none", |value| value.to_str().unwrap());
    shown.to_owned()
}

#[tokio::test]
async fn an_issuer_of_the_operator_is_asked_in_the_trace_of_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let router = Router::new().route("/keys", get(context));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let fetch = HttpFetch::new(&FetchOptions::default(), &IssuersConfig::default()).unwrap();

    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    let _in_force = tracing::subscriber::set_default(subscriber);
    let span = tracing::info_span!("request");
    let trace = span.context().span().span_context().trace_id().to_string();
    let url = Url::parse(&url).unwrap();
    for (named_by, is_told) in [(NamedBy::Operator, true), (NamedBy::Token, false)] {
        let request = DocumentRequest {
            url: &url,
            ca_cert: "",
            reach: Reach::Anywhere,
            named_by,
            bearer: None,
        };
        let shown = fetch.fetch(request).instrument(span.clone()).await.unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(shown.contains(&trace), is_told, "{shown}");
        assert_eq!(shown == "none", !is_told, "{shown}");
    }
}
