//! The client of a CT log, against a log that answers as it is told.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use sigstead_ca::ct_log::{CtLogClient, CtLogError, HttpCtLog};
use tokio::net::TcpListener;
use url::Url;

/// Answers in their order, the last one for ever.
struct Script {
    answers: Vec<(u16, &'static str, String)>,
    asked: AtomicUsize,
}

async fn answer(State(script): State<Arc<Script>>, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({"chain": [STANDARD.encode(b"pre"), STANDARD.encode(b"issuer")]})
    );
    let asked = script.asked.fetch_add(1, Ordering::SeqCst);
    let (status, retry_after, body) = script.answers[asked.min(script.answers.len() - 1)].clone();
    (
        StatusCode::from_u16(status).unwrap(),
        [("retry-after", retry_after)],
        body,
    )
        .into_response()
}

async fn submit(answers: Vec<(u16, &'static str, String)>) -> (Result<u64, CtLogError>, usize) {
    let script = Arc::new(Script {
        answers,
        asked: AtomicUsize::new(0),
    });
    let router = Router::new()
        .route("/shard/ct/v1/add-pre-chain", post(answer))
        .route("/shard/ct/v1/get-sth", get(async || "{}"))
        .with_state(script.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/shard/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = sigstead_kit::ClientConfig::default().build().unwrap();
    let log = HttpCtLog::new(client, &url).unwrap();
    log.probe().await.unwrap();
    let outcome = log.add_pre_chain(&[b"pre", b"issuer"]).await;
    (
        outcome.map(|sct| sct.timestamp_millis),
        script.asked.load(Ordering::SeqCst),
    )
}

fn sct(version: u8, id: &[u8], signature: &[u8]) -> String {
    json!({
        "sct_version": version, "id": STANDARD.encode(id), "timestamp": 1_700_000_000_123_u64,
        "extensions": "", "signature": STANDARD.encode(signature),
    })
    .to_string()
}

/// SHA-256, ECDSA, and two octets (RFC 5246 §4.7).
const SIGNATURE: &[u8] = &[4, 3, 0, 2, 1, 2];

#[tokio::test]
async fn asks_a_log_that_is_busy_a_second_time() {
    for status in [408, 429, 503] {
        let busy = (status, "", "busy".to_owned());
        let promise = (200, "", sct(0, &[7; 32], SIGNATURE));
        let (outcome, asked) = submit(vec![busy.clone(), promise]).await;
        assert_eq!(
            (outcome.unwrap(), asked),
            (1_700_000_000_123, 2),
            "{status}"
        );
        let (outcome, asked) = submit(vec![busy]).await;
        let Err(CtLogError::Failing { status: found, .. }) = outcome else {
            panic!("{status}")
        };
        assert_eq!((found, asked), (status, 2));
    }
}

#[tokio::test]
async fn comes_back_when_the_log_says() {
    let start = Instant::now();
    let (outcome, _) = submit(vec![
        (429, "1", "busy".to_owned()),
        (200, "", sct(0, &[7; 32], SIGNATURE)),
    ])
    .await;
    assert!(outcome.is_ok());
    assert!(
        start.elapsed() >= Duration::from_secs(1),
        "the log asked for a second"
    );
}

#[tokio::test]
async fn takes_no_for_an_answer_at_once() {
    for (status, is_silence) in [
        (400, false),
        (404, false),
        (301, false),
        (500, true),
        (502, true),
    ] {
        let (outcome, asked) = submit(vec![(status, "", "unknown root".to_owned())]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.is_silence(), asked), (is_silence, 1), "{status}");
        let text = error.to_string();
        assert!(
            text.contains(&status.to_string()) && text.contains("unknown root"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn refuses_answers_that_are_no_sct() {
    for body in [
        String::new(),
        "{}".to_owned(),
        sct(1, &[7; 32], SIGNATURE),
        sct(0, &[7; 31], SIGNATURE),
        sct(0, &[7; 32], &[4, 3, 0, 9, 1]),
        sct(0, &[7; 32], SIGNATURE).replace("\"extensions\":\"\"", "\"extensions\":\"%\""),
        " ".repeat(70_000),
    ] {
        let (outcome, _) = submit(vec![(200, "", body.clone())]).await;
        assert!(matches!(outcome, Err(CtLogError::Malformed(_))), "{body}");
    }
}

#[tokio::test]
async fn a_log_that_nobody_runs_is_unreachable() {
    let client = sigstead_kit::ClientConfig::default().build().unwrap();
    let log = HttpCtLog::new(client, &Url::parse("http://127.0.0.1:1").unwrap()).unwrap();
    assert!(matches!(
        log.add_pre_chain(&[b"pre"]).await,
        Err(CtLogError::Unreachable(_))
    ));
    assert!(log.probe().await.is_err());
}

#[test]
fn a_url_that_cannot_be_a_log_is_refused() {
    for url in ["mailto:log@example.com", "ftp://log.example.com"] {
        let client = sigstead_kit::ClientConfig::default().build().unwrap();
        assert!(
            HttpCtLog::new(client, &Url::parse(url).unwrap()).is_err(),
            "{url}"
        );
    }
}
