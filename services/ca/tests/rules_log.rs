//! What the log says of a request that rules refuse. A file of its own, because a process has one subscriber.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use world::holder::Holder;
use world::lines::Lines;
use world::{EMAIL, Setup, TestCa};

#[tokio::test]
async fn the_log_names_the_reason_beside_the_number_of_the_answer() {
    let ca = TestCa::with(Setup {
        rule: Some("claims.email == 'nobody@example.com'"),
        ..Setup::default()
    })
    .await;
    let lines = Lines::default();
    let guard = lines.take(tracing::Level::INFO);
    let token = ca.issuer.token().await;
    let request = Holder::p256().request(EMAIL).await;
    let answer = ca.post("/api/v2/signingCert", Some(&token), &request).await;
    drop(guard);
    let id = answer.header("sigstead-request-id").unwrap();
    let logged = lines.text();
    let mut about = logged.lines().filter(|line| line.contains(id));
    assert!(
        about.any(|line| line.contains("no rule allows it")),
        "{logged}"
    );
    assert!(!logged.contains(EMAIL), "{logged}");
}
