//! The trace of a request, from the caller's header to the collector. A file of its own, because a
//! process has one subscriber.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops where its world is not as it made it"
)]

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use sigstead_kit::{
    BodyStyle, Budget, Listeners, Method, Routes, Service, Telemetry, TelemetryConfig,
};
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;

/// Keeps what is exported to it.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<u8>>>);

const EXPORT: &[Method] = &[Method::unary("Export", Budget::new(1 << 20, 5))];

impl NamedService for Collector {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl tower::Service<http::Request<tonic::body::Body>> for Collector {
    type Response = http::Response<axum::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let kept = Arc::clone(&self.0);
        Box::pin(async move {
            let exported = request.into_body().collect().await.unwrap().to_bytes();
            kept.lock().unwrap().extend_from_slice(&exported);
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
            let frames: Vec<Result<_, Infallible>> = vec![
                // An empty message in its frame of five bytes.
                Ok(Frame::data(Bytes::from_static(&[0; 5]))),
                Ok(Frame::trailers(trailers)),
            ];
            let body = StreamBody::new(tokio_stream::iter(frames));
            let response = http::Response::builder().header("content-type", "application/grpc");
            Ok(response.body(axum::body::Body::new(body)).unwrap())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_span_of_a_request_reaches_the_collector_in_the_trace_of_its_caller() {
    let collector = Collector::default();
    let kept = Arc::clone(&collector.0);
    let (collector_url, _collector) =
        start(Service::new("collector", Listeners::for_test()).grpc(collector, EXPORT)).await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(collector_url.parse().unwrap()),
        ..TelemetryConfig::default()
    };
    let telemetry = Telemetry::init(&config, "test").unwrap();
    assert!(matches!(
        Telemetry::init(&config, "test"),
        Err(sigstead_kit::Error::LoggingTwice)
    ));

    let routes = Routes::new(BodyStyle::Text).get("/greet", Budget::read(), outgoing_headers);
    let (url, _service) = start(Service::new("test", Listeners::for_test()).public(routes)).await;
    let request = reqwest::Client::new().get(format!("{url}/greet")).header(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    let passed_on = request.send().await.unwrap().text().await.unwrap();
    assert!(
        passed_on.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{passed_on}"
    );
    telemetry.shutdown().await;

    let exported = kept.lock().unwrap().clone();
    let has = |part: &[u8]| exported.windows(part.len()).any(|window| window == part);
    assert!(has(b"GET /greet"), "the span has another name");
    assert!(has(b"sigstead-test"), "the service has another name");
    let trace: [u8; 16] = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
    assert!(has(&trace), "the span is in another trace");
}

/// What a handler would put on a call of its own.
async fn outgoing_headers() -> String {
    let mut headers = http::HeaderMap::new();
    sigstead_kit::trace::inject(&mut headers);
    headers["traceparent"].to_str().unwrap().to_owned()
}

async fn start(service: Service) -> (String, impl Drop) {
    let bound = service.bind().await.unwrap();
    let url = format!("http://{}", bound.public_address());
    let stop = CancellationToken::new();
    tokio::spawn(bound.run(stop.clone()));
    (url, stop.drop_guard())
}
