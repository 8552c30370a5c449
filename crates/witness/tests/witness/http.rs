use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sigstead_witness::{
    Failure, HttpTransport, MAX_ANSWER_BYTES, Outcome, Policy, Transport as _, TransportError,
    Witnesses,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::world::{FakeWitness, Log, Manner};

/// A server on a port of its own, that stops with the test.
struct Served {
    url: String,
    task: JoinHandle<()>,
}

impl Served {
    async fn new(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/w/", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, task }
    }

    /// One that answers every submission alike.
    async fn with_body(status: u16, body: Vec<u8>) -> Self {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = move || async move { (status, body) };
        Self::new(Router::new().route("/w/add-checkpoint", post(answer))).await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy();
    builder.timeout(Duration::from_secs(60)).build().unwrap()
}

fn witnesses(url: &str) -> Witnesses {
    let line = FakeWitness::new("a", 0, Manner::Strict).line();
    let policy = format!("{}quorum a\n", line.replace("https://a/", url));
    let transport = Arc::new(HttpTransport::new(client()));
    let policy = Policy::parse(&policy).unwrap();
    Witnesses::new(policy, transport, Duration::from_secs(60)).unwrap()
}

async fn cosign(url: &str, size: u64) -> Outcome {
    let log = Log::new();
    let head = log.head(size);
    witnesses(url).cosign(&head, &log.note(&head), &log).await
}

async fn strict(
    State(witness): State<Arc<FakeWitness>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    assert_eq!(headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    let answer = witness.answer_strictly(&body);
    let status = StatusCode::from_u16(answer.status).unwrap();
    let content_type = answer.content_type.unwrap_or_default();
    (status, [(header::CONTENT_TYPE, content_type)], answer.body).into_response()
}

#[tokio::test]
async fn submits_over_http() {
    let witness = Arc::new(FakeWitness::new("a", 0, Manner::Strict));
    let router = Router::new().route("/w/add-checkpoint", post(strict));
    let server = Served::new(router.with_state(witness)).await;
    // Each with a memory of its own, so the second and third learn where the witness is.
    for size in [3, 3, 70] {
        let outcome = cosign(&server.url, size).await;
        assert!(outcome.is_quorum_met, "{:?}", outcome.failures);
    }
    let outcome = cosign(&server.url, 5).await;
    let failure = outcome.failures.values().next().unwrap();
    assert!(matches!(failure, Failure::Ahead { size: 70, ours: 5 }));
}

#[tokio::test]
async fn asks_with_the_headers_of_the_moment() {
    fn headers() -> HeaderMap {
        let of_trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let name = HeaderName::from_static("traceparent");
        HeaderMap::from_iter([(name, HeaderValue::from_static(of_trace))])
    }
    let (seen, mut came) = tokio::sync::mpsc::channel(1);
    let answer = move |headers: HeaderMap| async move {
        seen.send(headers).await.unwrap();
        StatusCode::NOT_FOUND
    };
    let router = Router::new().route("/w/add-checkpoint", post(answer));
    let server = Served::new(router).await;
    let transport = HttpTransport::new(client()).with_headers(headers);
    let url = format!("{}add-checkpoint", server.url).parse().unwrap();
    let answer = transport.post(&url, String::new()).await.unwrap();
    assert_eq!(answer.status, 404);
    let came = came.recv().await.unwrap();
    assert_eq!(came["traceparent"], headers()["traceparent"]);
    assert_eq!(came[header::CONTENT_TYPE], "text/plain; charset=utf-8");
}

#[tokio::test]
async fn reads_no_more_than_an_answer_can_have() {
    let server = Served::with_body(200, vec![b'a'; MAX_ANSWER_BYTES + 1]).await;
    let outcome = cosign(&server.url, 5).await;
    let failure = outcome.failures.values().next().unwrap();
    assert!(
        matches!(
            failure,
            Failure::Unreachable(TransportError::TooLarge { .. })
        ),
        "{failure:?}"
    );
}

#[tokio::test]
async fn leaves_the_page_of_an_error_unread() {
    let server = Served::with_body(502, vec![b'a'; 10 * MAX_ANSWER_BYTES]).await;
    let outcome = cosign(&server.url, 5).await;
    let failure = outcome.failures.values().next().unwrap();
    assert!(
        matches!(failure, Failure::Status { status: 502 }),
        "{failure:?}"
    );
}

#[tokio::test]
async fn says_that_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let outcome = cosign(&url, 5).await;
    let failure = outcome.failures.values().next().unwrap();
    assert!(
        matches!(
            failure,
            Failure::Unreachable(TransportError::Exchange { .. })
        ),
        "{failure:?}"
    );
}
