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
use crate::listen::{AdminListenConfig, ListenConfig, TlsConfig};
use crate::problem::{Kind, Problem};

mod admin;
mod callers;
mod proxies;
mod streams;
mod turns;
mod vitals;

/// A service that runs in this process until it is told to stop.
struct Running {
    public: String,
    ops: String,
    admin: Option<SocketAddr>,
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
async fn readiness_gives_its_reasons_and_health_does_not_depend_on_it() {
    let running = Running::start(
        service()
            .readiness("keys", || async { Ok(()) })
            .readiness("ct-log", || async {
                Err("the log does not answer".to_owned())
            })
            .task("sequencer", |_stop| async {}),
    )
    .await;
    // The task ends at once, and is noticed as soon as the runtime comes to it.
    let mut ready = get(format!("{}/readyz", running.ops)).await;
    while !ready.1.contains("sequencer") {
        tokio::task::yield_now().await;
        ready = get(format!("{}/readyz", running.ops)).await;
    }
    assert_eq!(ready.0, 503);
    assert!(
        ready
            .1
            .contains(r#"{"check":"ct-log","reason":"the log does not answer"}"#)
    );
    assert!(!ready.1.contains("keys"));
    let health = get(format!("{}/healthz", running.ops)).await;
    assert_eq!(health, (200, r#"{"status":"SERVING"}"#.to_owned()));
    running.stop().await;
}

#[tokio::test]
async fn a_service_without_complaints_is_ready_and_says_which_process_it_is() {
    let running = Running::start(service().readiness("keys", || async { Ok(()) })).await;
    let (status, ready) = get(format!("{}/readyz", running.ops)).await;
    assert_eq!(status, 200);
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["reasons"], serde_json::json!([]));
    assert_eq!(ready["warnings"], serde_json::json!([]));
    let process = &ready["process"];
    assert_eq!(process["service"], "test");
    assert_eq!(process["pid"], std::process::id());
    let folder = std::env::current_dir().unwrap();
    assert_eq!(process["folder"], folder.to_str().unwrap());
    assert_eq!(process["folder_id"], crate::folder_id(&folder).unwrap());
    running.stop().await;
}

#[tokio::test]
async fn a_warning_is_told_and_leaves_the_service_ready() {
    let running = Running::start(
        service()
            .warning("root", || Some("the root expires tomorrow".to_owned()))
            .warning("targets", || None),
    )
    .await;
    let (status, ready) = get(format!("{}/readyz", running.ops)).await;
    assert_eq!(status, 200);
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let told = serde_json::json!([{"check": "root", "reason": "the root expires tomorrow"}]);
    assert_eq!(ready["warnings"], told);
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

/// A gRPC service that misbehaves as its method says.
#[derive(Clone)]
struct Sample;

const SAMPLE: &[Method] = &[
    Method::unary("Fine", Budget::read()),
    Method::unary("Fall", Budget::read()),
    Method::unary("Hang", Budget::read()),
    Method::unary("Do", Budget::read()),
];

impl NamedService for Sample {
    const NAME: &'static str = "sigstead.test.v1.Sample";
}

impl tower::Service<http::Request<tonic::body::Body>> for Sample {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        Box::pin(async move {
            match method.as_str() {
                "Fall" => panic!("the secret of the house"),
                "Hang" => std::future::pending().await,
                "Do" => {
                    let nothing = Problem::new(Kind::NotFound, "E-TEST-002", "nothing");
                    Ok(tonic::Status::from(nothing).into_http())
                }
                _ => Ok(tonic::Status::ok("").into_http()),
            }
        })
    }
}

async fn grpc_call(running: &Running, method: &str, timeout: &str) -> http::HeaderMap {
    let [_, client] = clients();
    let request = client
        .post(format!("{}/{}/{method}", running.public, Sample::NAME))
        .header("content-type", "application/grpc")
        .header("grpc-timeout", timeout);
    request.send().await.unwrap().headers().clone()
}

#[tokio::test]
async fn a_grpc_call_that_panics_or_is_late_gets_a_status() {
    let running = Running::start(service().grpc(Sample, SAMPLE)).await;
    for (method, status) in [("Fine", "0"), ("Fall", "13"), ("Hang", "4")] {
        let headers = grpc_call(&running, method, "50m").await;
        assert_eq!(headers["grpc-status"], status, "{method}");
        let message = headers
            .get("grpc-message")
            .map_or("", |text| text.to_str().unwrap());
        assert!(!message.contains("secret"), "{message}");
    }
    let metrics = get(format!("{}/metrics", running.ops)).await.1;
    let counted = r#"{code="grpc-13",method="POST",route="/sigstead.test.v1.Sample/{*rest}"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    running.stop().await;
}

/// The frame of a message that is announced longer than it is.
fn message(announced: u32, bytes: &[u8]) -> Vec<u8> {
    [&[0], &announced.to_be_bytes()[..], bytes].concat()
}

#[tokio::test]
async fn a_message_with_long_lists_is_refused_wherever_it_stands() {
    // Stands for definitions by which every byte of a message is a few elements.
    let elements = |_: &str, message: &[u8], most: usize| (16 * message.len()).min(most + 1);
    let running = Running::start(service().grpc(Sample, SAMPLE).definitions(&[], elements)).await;
    let [_, client] = clients();
    let (few, many) = ([0; 64], [0; 65]);
    for (frames, status) in [
        (message(64, &few), "0"),
        (message(65, &many), "8"),
        ([message(64, &few), message(65, &many)].concat(), "8"),
        (message(900, &many), "8"),
    ] {
        let request = client.post(format!("{}/{}/Fine", running.public, Sample::NAME));
        let request = request.header("content-type", "application/grpc");
        let answer = request.body(frames).send().await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], status);
        if status == "8" {
            assert_eq!(answer.headers()["sigstead-code"], "E-KIT-017");
            let text = answer.headers()["grpc-message"].to_str().unwrap();
            assert!(text.contains("1024"), "{text}");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_no_message_is_the_callers_doing() {
    let running = Running::start(service().grpc(Sample, SAMPLE)).await;
    let [_, client] = clients();
    let check = "/grpc.health.v1.Health/Check";
    for (path, body, status, code) in [
        (check, message(2, &[0xff, 0xff]), "3", "E-KIT-011"),
        (check, message(9, &[0x0a]), "3", "E-KIT-011"),
        (check, vec![0; (16 << 10) + 6], "8", "E-KIT-004"),
        (
            "/sigstead.test.v1.Sample/Nothing",
            message(0, &[]),
            "12",
            "E-KIT-014",
        ),
    ] {
        let request = client.post(format!("{}{path}", running.public)).body(body);
        let request = request.header("content-type", "application/grpc");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], status, "{path}");
        assert_eq!(answer.headers()["sigstead-code"], code, "{path}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_call_whose_message_does_not_end_is_ended() {
    let slow = Budget {
        read_time: Duration::from_millis(50),
        ..Budget::new(4 << 20, 5)
    };
    let running = Running::start(service().grpc(Sample, &[Method::unary("Fine", slow)])).await;
    let [_, client] = clients();
    let part = bytes::Bytes::from(message(4 << 20, &[0; 64]));
    let parts = [Ok::<_, Infallible>(hyper::body::Frame::data(part))];
    let endless = futures::StreamExt::chain(tokio_stream::iter(parts), tokio_stream::pending());
    let request = client
        .post(format!("{}/{}/Fine", running.public, Sample::NAME))
        .header("content-type", "application/grpc")
        .body(reqwest::Body::wrap(http_body_util::StreamBody::new(
            endless,
        )));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "4");
    assert_eq!(answer.headers()["sigstead-code"], "E-KIT-009");
    running.stop().await;
}

#[tokio::test]
async fn a_connection_has_a_few_streams_without_an_end() {
    let running = Running::start(service()).await;
    let channel = Channel::from_shared(running.public.clone()).unwrap();
    let mut health = HealthClient::new(channel.connect().await.unwrap());
    let request = HealthCheckRequest {
        service: String::new(),
    };
    let mut open = Vec::new();
    let refused = loop {
        match health.watch(request.clone()).await {
            Ok(stream) => open.push(stream),
            Err(status) => break status,
        }
    };
    assert_eq!(open.len(), 16);
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    drop((open, health));
    running.stop().await;
}

#[tokio::test]
async fn callers_of_health_do_not_make_a_service_probe_others() {
    let probes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&probes);
    let check = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(()))
    };
    let started = std::time::Instant::now();
    let running = Running::start(service().grpc(Sample, SAMPLE).readiness("peer", check)).await;
    let channel = Channel::from_shared(running.public.clone()).unwrap();
    let health = HealthClient::new(channel.connect().await.unwrap());
    let request = HealthCheckRequest {
        service: Sample::NAME.to_owned(),
    };
    let call = |_| {
        let (mut health, request) = (health.clone(), request.clone());
        async move { health.check(request).await.unwrap() }
    };
    futures::future::join_all((0..100).map(call)).await;
    // One each second, however long the calls take here.
    let seconds = started.elapsed().as_secs() as usize;
    assert!(probes.load(Ordering::Relaxed) <= 1 + seconds);
    drop(health);
    running.stop().await;
}

/// A body of so many kilobytes; what it holds goes when it goes.
fn endless_body(kilobytes: usize, held: tokio::sync::mpsc::Sender<()>) -> axum::body::Body {
    let parts = std::iter::repeat_n(bytes::Bytes::from_static(&[0; 1024]), kilobytes);
    let parts = parts.map(move |part| {
        let _held = &held;
        Ok::<_, Infallible>(part)
    });
    axum::body::Body::from_stream(tokio_stream::iter(parts))
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const LENGTH: usize = 16 << 20;
    let (held, mut given_up) = tokio::sync::mpsc::channel(1);
    let held = std::sync::Mutex::new(Some(held));
    let impatient = Budget {
        progress_time: Duration::from_millis(50),
        ..Budget::read().answering(LENGTH)
    };
    let held = Arc::new(held);
    let handler = move || {
        let held = held.lock().unwrap().take().unwrap();
        async move { endless_body(LENGTH >> 10, held) }
    };
    let routes = Routes::new(BodyStyle::Text).get("/large", impatient, handler);
    let running = Running::start(service().public(routes)).await;
    let address = running.public.trim_start_matches("http://");
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    connection.write_all(request).await.unwrap();
    assert_eq!(given_up.recv().await, None);
    let mut read = Vec::new();
    // The connection may end with a reset, after what the kernel still had.
    let _end = connection.read_to_end(&mut read).await;
    assert!(read.len() < LENGTH, "all of it came");
    running.stop().await;
}

#[tokio::test]
async fn a_refusal_that_nobody_reads_is_given_up() {
    let impatient = Budget {
        progress_time: Duration::from_millis(50),
        ..Budget::new(8, 1)
    };
    let routes = Routes::new(BodyStyle::Text).post("/small", impatient, || async {});
    let running = Running::start(service().public(routes)).await;
    let client = Client::builder()
        .http2_prior_knowledge()
        // Nothing of an answer but its head may be sent.
        .http2_initial_stream_window_size(0);
    let client = client.build().unwrap();
    let request = client.post(format!("{}/small", running.public));
    let answer = request.body("123456789").send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert!(answer.bytes().await.is_err());
    running.stop().await;
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

#[tokio::test]
async fn grpc_health_tells_the_process_from_its_services() {
    let unready = || async { Err("no key".to_owned()) };
    let running = Running::start(service().grpc(Sample, SAMPLE).readiness("keys", unready)).await;
    let channel = Channel::from_shared(running.public.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut health = HealthClient::new(channel);
    for (name, status) in [("", 1), (Sample::NAME, 2)] {
        let request = HealthCheckRequest {
            service: name.to_owned(),
        };
        assert_eq!(
            health
                .check(request.clone())
                .await
                .unwrap()
                .into_inner()
                .status,
            status
        );
        let mut watch = health.watch(request).await.unwrap().into_inner();
        assert_eq!(watch.message().await.unwrap().unwrap().status, status);
    }
    let unknown = HealthCheckRequest {
        service: "nobody".to_owned(),
    };
    assert_eq!(
        health.check(unknown).await.unwrap_err().code(),
        tonic::Code::NotFound
    );
    drop(health);
    running.stop().await;
}

#[tokio::test]
async fn reflection_lists_what_is_served_in_both_versions() {
    use tonic_reflection::pb::{v1, v1alpha};
    let running = Running::start(service().grpc(Sample, SAMPLE)).await;
    let channel = Channel::from_shared(running.public.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let expected = ["grpc.health.v1.Health", Sample::NAME];

    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;
    let list = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let mut answers = client
        .server_reflection_info(tokio_stream::iter([list]))
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(listed)) = answer else {
        panic!("{answer:?}")
    };
    let names: Vec<String> = listed
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    assert!(
        expected
            .iter()
            .all(|name| names.contains(&(*name).to_owned())),
        "{names:?}"
    );

    let list = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            v1alpha::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let answers = client
        .server_reflection_info(tokio_stream::iter([list]))
        .await;
    assert!(
        answers
            .unwrap()
            .into_inner()
            .message()
            .await
            .unwrap()
            .is_some()
    );
    drop(client);
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
