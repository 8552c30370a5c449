//! Whom the rules of an issuer let have a certificate, and what the others learn.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use http::StatusCode;
use serde_json::json;
use sigstead_ca::Error;
use sigstead_kit::Problem;
use world::holder::Holder;
use world::{Answer, EMAIL, Setup, TestCa};

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

#[test]
fn a_record_that_cannot_be_read_has_a_code_of_its_own() {
    let problem = Problem::from(Error::ReadRecord(sigstead_issuance::Error::Closed));
    assert_eq!(problem.code, "E-CA-036");
}
