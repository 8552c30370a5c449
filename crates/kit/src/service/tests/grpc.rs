//! Calls over gRPC: their answers, their bounds, health and reflection.

use super::*;

/// A gRPC service that misbehaves as its method says.
#[derive(Clone)]
pub(super) struct Sample;

pub(super) const SAMPLE: &[Method] = &[
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
