//! What the log says of a request that rules refuse. A file of its own, because a process has one subscriber.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use std::io;
use std::sync::{Arc, Mutex};

use world::{EMAIL, Holder, Setup, TestCa};

/// What a service logs.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_the_reason_beside_the_number_of_the_answer() {
    let ca = TestCa::with(Setup {
        rule: Some("claims.email == 'nobody@example.com'"),
        ..Setup::default()
    })
    .await;
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let token = ca.issuer.token().await;
    let request = Holder::p256().request(EMAIL).await;
    let answer = ca.post("/api/v2/signingCert", Some(&token), &request).await;
    drop(guard);
    let id = answer.header("sigstead-request-id").unwrap();
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let mut about = logged.lines().filter(|line| line.contains(id));
    assert!(
        about.any(|line| line.contains("no rule allows it")),
        "{logged}"
    );
    assert!(!logged.contains(EMAIL), "{logged}");
}
