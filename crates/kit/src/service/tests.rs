use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::response::Redirect;
use reqwest::{Certificate, Client, Identity};
use tokio::sync::Notify;
use tonic::server::NamedService;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::*;
use crate::budget::Budget;
use crate::listen::{AdminListenConfig, CertifiedListenConfig, ListenConfig, TlsConfig};
use crate::problem::{Kind, Problem};

mod admin;
mod callers;
mod grpc;
mod proxies;
mod readiness;
mod streams;
mod turns;
mod unread;
mod vitals;

use grpc::{SAMPLE, Sample};

/// A service that runs in this process until it is told to stop.
struct Running {
    public: String,
    ops: String,
    admin: Option<SocketAddr>,
    certified: Option<SocketAddr>,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(service: Service) -> Self {
        let bound = service.bind().await.unwrap();
        let stop = CancellationToken::new();
        Self {
            public: format!("http://{}", bound.public_address()),
            ops: format!("http://{}", bound.ops_address()),
            admin: bound.admin_address(),
            certified: bound.certified_address(),
            ended: tokio::spawn(bound.run(stop.clone())),
            stop,
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.ended.await.unwrap();
    }
}

fn service() -> Service {
    Service::new("test", Listeners::for_test())
}

fn echo() -> Routes {
    Routes::new(BodyStyle::HttpCode).post(
        "/echo",
        Budget::new(1024, 5),
        |body: bytes::Bytes| async move { body },
    )
}

fn testdata(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
}

fn clients() -> [Client; 2] {
    [
        Client::builder().http1_only().build().unwrap(),
        Client::builder().http2_prior_knowledge().build().unwrap(),
    ]
}

async fn get(url: String) -> (u16, String) {
    let response = reqwest::get(url).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn one_port_speaks_http1_http2_and_grpc() {
    let running = Running::start(service().public(echo())).await;
    for client in clients() {
        let answer = client
            .post(format!("{}/echo", running.public))
            .body("hello")
            .send()
            .await;
        assert_eq!(answer.unwrap().text().await.unwrap(), "hello");
    }
    let channel = Channel::from_shared(running.public.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let request = HealthCheckRequest {
        service: String::new(),
    };
    let answer = HealthClient::new(channel).check(request).await.unwrap();
    assert_eq!(answer.into_inner().status, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_over_both_protocols() {
    let running = Running::start(service().public(echo())).await;
    for client in clients() {
        for size in [1025, 3 << 20] {
            let request = client
                .post(format!("{}/echo", running.public))
                .body(vec![b'x'; size]);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 413);
            let body = answer.text().await.unwrap();
            assert!(body.contains("1024 bytes"), "{body}");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_refused_over_both_protocols() {
    let running = Running::start(service().public(echo())).await;
    for client in clients() {
        let mut many = client.post(format!("{}/echo", running.public));
        for number in 0..80 {
            many = many.header(format!("x-{number}"), "x");
        }
        assert_eq!(many.send().await.unwrap().status(), 431);
        let large = client.post(format!("{}/echo", running.public));
        let answer = large.header("x-large", "x".repeat(20 << 10)).send().await;
        // HTTP/2 may also end the stream before there is an answer.
        assert!(answer.map_or(true, |answer| answer.status() == 431));
    }
    running.stop().await;
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let running = Running::start(service().public(echo())).await;
    let client = Client::new();
    client
        .post(format!("{}/echo", running.public))
        .body("a")
        .send()
        .await
        .unwrap();
    client
        .get(format!("{}/made-up", running.public))
        .send()
        .await
        .unwrap();
    let metrics = get(format!("{}/metrics", running.ops)).await.1;
    for line in [
        r#"http_requests_total{code="200",method="POST",route="/echo"} 1"#,
        r#"http_requests_total{code="404",method="GET",route="unmatched"} 1"#,
        r#"http_request_duration_seconds_count{method="POST",route="/echo"} 1"#,
        r#"sigstead_build_info{service="test",version="#,
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    assert!(!metrics.contains("made-up"));
    running.stop().await;
}

#[tokio::test]
async fn a_stop_lets_running_requests_end_and_tasks_after_them() {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let task_stopped = Arc::new(AtomicBool::new(false));
    let (in_handler, out_handler, seen) = (entered.clone(), leave.clone(), task_stopped.clone());
    let handler = move || async move {
        in_handler.notify_one();
        out_handler.notified().await;
        seen.load(Ordering::SeqCst).to_string()
    };
    let routes = Routes::new(BodyStyle::Text).get("/slow", Budget::read(), handler);
    let stopped = task_stopped.clone();
    let service = service()
        .public(routes)
        .task("sequencer", |stop| async move {
            stop.cancelled().await;
            stopped.store(true, Ordering::SeqCst);
        });
    let draining = service.draining();
    let running = Running::start(service).await;
    let request = tokio::spawn(get(format!("{}/slow", running.public)));
    entered.notified().await;
    running.stop.cancel();
    draining.cancelled().await;
    // Not ready any more, but still there to say so.
    assert_eq!(get(format!("{}/readyz", running.ops)).await.0, 503);
    leave.notify_one();
    assert_eq!(request.await.unwrap(), (200, "false".to_owned()));
    running.ended.await.unwrap();
    assert!(task_stopped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_request_without_one_host_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let running = Running::start(service().public(echo())).await;
    for (version, hosts, status) in [
        ("1.1", "", "400"),
        ("1.1", "Host: a\r\nHost: b\r\n", "400"),
        ("1.1", "Host: a\r\n", "404"),
        ("1.0", "", "404"),
    ] {
        let address = running.public.trim_start_matches("http://");
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET /nothing HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let line = answer.lines().next().unwrap();
        assert_eq!(line.split(' ').nth(1), Some(status), "{request}");
    }
    running.stop().await;
}

fn tls(name: &str) -> TlsConfig {
    TlsConfig {
        certificate: testdata(&format!("{name}.pem")),
        key: testdata(&format!("{name}.key")),
    }
}

fn tls_client(identity: Option<&str>) -> Client {
    let authority = std::fs::read(testdata("ca.pem")).unwrap();
    let mut builder =
        Client::builder().tls_certs_only([Certificate::from_pem(&authority).unwrap()]);
    if let Some(name) = identity {
        let mut pem = std::fs::read(testdata(&format!("{name}.pem"))).unwrap();
        pem.extend(std::fs::read(testdata(&format!("{name}.key"))).unwrap());
        builder = builder.identity(Identity::from_pem(&pem).unwrap());
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn the_public_port_speaks_tls_when_it_has_a_certificate() {
    let mut listeners = Listeners::for_test();
    listeners.public = ListenConfig {
        tls: Some(tls("first")),
        ..listeners.public
    };
    let running = Running::start(Service::new("test", listeners).public(echo())).await;
    let url = running.public.replace("http://", "https://");
    let answer = tls_client(None)
        .post(format!("{url}/echo"))
        .body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(answer.text().await.unwrap(), "hello");
    running.stop().await;
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let taken = service().bind().await.unwrap();
    let listeners = Listeners::plain(taken.public_address(), taken.ops_address());
    let error = Service::new("test", listeners).bind().await.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {}", taken.public_address())
    );
}

#[tokio::test]
async fn the_outbound_client_does_not_follow_a_redirect_to_another_host() {
    let elsewhere = Running::start(service().public(echo())).await;
    let target = format!("{}/healthz", elsewhere.ops);
    let routes = Routes::new(BodyStyle::Text)
        .get("/away", Budget::read(), move || async move {
            Redirect::temporary(&target)
        })
        .get("/here", Budget::read(), || async {
            Redirect::temporary("/end")
        })
        .get("/end", Budget::read(), || async { "the end" });
    let running = Running::start(service().public(routes)).await;
    let client = crate::ClientConfig::default().build().unwrap();
    let away = client
        .get(format!("{}/away", running.public))
        .send()
        .await
        .unwrap();
    assert_eq!(away.status(), 307);
    let here = client
        .get(format!("{}/here", running.public))
        .send()
        .await
        .unwrap();
    assert_eq!(here.text().await.unwrap(), "the end");
    running.stop().await;
    elsewhere.stop().await;
}
