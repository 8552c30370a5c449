//! What the log says about a request that is refused. A file of its own, because a process has one subscriber.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops where its world is not as it made it"
)]

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use sigstead_kit::{BodyStyle, Budget, Kind, Listeners, Problem, Routes, Service};
use tower::ServiceExt;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn refuse() -> Problem {
    let message = "the holder of alice@example.com is not known";
    Problem::new(Kind::PermissionDenied, "E-T-001", message).with_detail("alice's token")
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_code_and_the_id_that_its_caller_has_and_without_names() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let routes = Routes::new(BodyStyle::Gateway).post("/", Budget::read(), refuse);
    let service = Service::new("test", Listeners::for_test()).public(routes);
    let request = Request::post("/").body(Body::empty()).unwrap();
    let answer = service.into_public_router().unwrap().oneshot(request).await;
    let id = answer.unwrap().headers()["sigstead-request-id"].clone();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let [line] = lines.as_slice() else {
        unreachable!("{text}")
    };
    assert!(line.contains("INFO") && line.contains("E-T-001"), "{line}");
    assert!(line.contains(id.to_str().unwrap()), "{line}");
    assert!(!line.contains("alice"), "{line}");
}
