//! Whom the rules of an issuer let have a certificate, and what the others learn.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use std::io;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use serde_json::json;
use sigstead_ca::Error;
use sigstead_kit::Problem;
use world::{Answer, EMAIL, Holder, Setup, TestCa};

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

async fn ask(ca: &TestCa) -> Answer {
    let token = ca.issuer.token_with("groups", json!(["release"])).await;
    let request = Holder::p256().request(EMAIL).await;
    ca.post("/api/v2/signingCert", Some(&token), &request).await
}

#[tokio::test]
async fn a_rule_that_holds_lets_a_certificate_be_issued() {
    let ca = TestCa::with(Setup {
        rule: Some("'release' in claims.groups"),
        ..Setup::default()
    });
    let ca = ca.await;
    assert_eq!(ask(&ca).await.status, StatusCode::OK);
    let states = ca.record.states();
    assert!(!states.is_empty());
    for state in states {
        assert_eq!(state.rule.as_deref(), Some("the-rule"));
    }
}

#[tokio::test]
async fn who_is_not_let_learns_a_code_and_no_rule() {
    let ca = TestCa::with(Setup {
        rule: Some("'admins' in claims.groups"),
        ..Setup::default()
    })
    .await;
    let answer = ask(&ca).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-034"));
    for secret in ["the-rule", "admins", "groups"] {
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
    assert!(
        ca.record.states().is_empty(),
        "nothing was going to be signed"
    );
}

#[tokio::test]
async fn the_log_names_the_reason_beside_the_number_of_the_answer() {
    let ca = TestCa::with(Setup {
        rule: Some("'admins' in claims.groups"),
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
    let answer = ask(&ca).await;
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

#[test]
fn a_record_that_cannot_be_read_has_a_code_of_its_own() {
    let problem = Problem::from(Error::ReadRecord(sigstead_issuance::Error::Closed));
    assert_eq!(problem.code, "E-CA-036");
}
