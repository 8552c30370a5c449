//! Tokens that are good for one certificate, and what a proof of possession is told.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use http::StatusCode;
use serde_json::{Value, json};
use sigstead_identity::IssuerType;
use world::{Answer, EMAIL, Fault, Holder, Setup, TestCa};

const V2: &str = "/api/v2/signingCert";

async fn ask(ca: &TestCa, token: &str) -> Answer {
    ca.post(V2, Some(token), &Holder::p256().request(EMAIL).await)
        .await
}

async fn strict() -> TestCa {
    TestCa::with(Setup {
        single_use: true,
        ..Setup::default()
    })
    .await
}

#[tokio::test]
async fn a_token_gets_one_certificate_where_the_entry_says_so() {
    let ca = strict().await;
    let token = ca.issuer.token().await;
    ask(&ca, &token).await.chain();
    let issued = ca.record.states().len();
    let again = ask(&ca, &token).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    assert_eq!(again.header("sigstead-code"), Some("E-CA-041"));
    assert_eq!(again.json()["code"], 6);
    assert_eq!(
        ca.record.states().len(),
        issued,
        "nothing was going to be signed"
    );
    // Another token of the same issuer is another one.
    let other = ca.issuer.token_with("jti", json!("2")).await;
    ask(&ca, &other).await.chain();
    // And without the key a token is good for many.
    let lenient = TestCa::new().await;
    let token = lenient.issuer.token().await;
    for _ in 0..3 {
        ask(&lenient, &token).await.chain();
    }
}

/// What is signed is the token; a signature can be written in several ways.
#[tokio::test]
async fn another_spelling_of_the_signature_is_the_same_token() {
    let ca = strict().await;
    let claims = world::TestIssuer::claims();
    let (first, second) = (
        ca.issuer.token_of(&claims).await,
        ca.issuer.token_of(&claims).await,
    );
    assert_eq!(
        first.rsplit_once('.').unwrap().0,
        second.rsplit_once('.').unwrap().0
    );
    ask(&ca, &first).await.chain();
    assert_eq!(
        ask(&ca, &second).await.header("sigstead-code"),
        Some("E-CA-041")
    );
}

#[tokio::test]
async fn of_many_requests_at_once_with_one_token_one_gets_a_certificate() {
    let ca = strict().await;
    let token = ca.issuer.token().await;
    let body = Holder::p256().request(EMAIL).await;
    let requests = (0..16).map(|_| ca.post(V2, Some(&token), &body));
    let answers = futures::future::join_all(requests).await;
    let issued = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::OK);
    assert_eq!(issued.count(), 1);
    assert_eq!(ca.ct_log.submissions.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_refuses_before_leaves_a_token_and_what_fails_after_uses_it_up() {
    let ca = strict().await;
    let token = ca.issuer.token().await;
    let wrong = ca
        .post(V2, Some(&token), &Holder::p256().request("other").await)
        .await;
    assert_eq!(wrong.header("sigstead-code"), Some("E-CA-007"));
    ask(&ca, &token).await.chain();
    let failing = TestCa::with(Setup {
        single_use: true,
        fault: Fault::Unreachable,
        ..Setup::default()
    })
    .await;
    let token = failing.issuer.token().await;
    assert_eq!(
        ask(&failing, &token).await.header("sigstead-code"),
        Some("E-CA-010")
    );
    assert_eq!(
        ask(&failing, &token).await.header("sigstead-code"),
        Some("E-CA-041")
    );
}

/// Clients sign the address of a token that has one, whatever type its issuer is of.
#[tokio::test]
async fn a_proof_over_the_wrong_claim_is_told_which_one_is_right() {
    let workload = |kind, domain| Setup {
        kind,
        subject_domain: domain,
        ..Setup::default()
    };
    for (setup, subject, kind) in [
        (
            workload(IssuerType::Username, "example.com"),
            "alice",
            "username",
        ),
        (
            workload(IssuerType::Uri, "https://issuer.example.com"),
            "https://issuer.example.com/ci",
            "uri",
        ),
    ] {
        let ca = TestCa::with(setup).await;
        let token = ca.issuer.token_with("sub", json!(subject)).await;
        let refused = ask(&ca, &token).await;
        assert_eq!(refused.header("sigstead-code"), Some("E-CA-007"));
        let text = refused.text();
        for said in ["the token's sub claim", kind, "has an email claim too"] {
            assert!(text.contains(said), "{text}");
        }
        let right = Holder::p256().request(subject).await;
        ca.post(V2, Some(&token), &right).await.chain();
        // Without an address there is nothing to mistake.
        let mut claims = world::TestIssuer::claims();
        claims["sub"] = json!(subject);
        claims["email"] = Value::Null;
        let token = ca.issuer.token_of(&claims).await;
        let refused = ask(&ca, &token).await;
        assert!(
            !refused.text().contains("email claim too"),
            "{}",
            refused.text()
        );
    }
}
