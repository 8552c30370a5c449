//! Where a token must not be. A file of its own, because a process has one subscriber.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;
use world::holder::Holder;
use world::lines::Lines;
use world::{EMAIL, TestCa};

/// CVE-2025-62513, CVE-2025-62705, CVE-2025-52893, CVE-2024-8365: secrets were in the audit, or in the log, of others. A token
/// is one for as long as it lives: neither it nor its signature is in an answer, in the record, or in a line of the log, at
/// any level.
#[tokio::test]
async fn a_token_is_in_no_answer_no_record_and_no_line_of_the_log() {
    let lines = Lines::default();
    let guard = lines.take(tracing::Level::TRACE);
    let ca = TestCa::new().await;
    let sound = ca.issuer.token().await;
    let refused = ca.issuer.token_with("aud", json!("other")).await;
    let holder = Holder::p256();
    let v2 = holder.request(EMAIL).await;
    let v1 = json!({
        "publicKey": {"content": STANDARD.encode(holder.0.public_key().spki_der())},
        "signedEmailAddress": holder.proof(EMAIL).await,
    });
    let mut said = String::new();
    for (path, body, good) in [
        ("/api/v2/signingCert", &v2, StatusCode::OK),
        ("/api/v1/signingCert", &v1, StatusCode::CREATED),
    ] {
        for (token, status) in [(&sound, good), (&refused, StatusCode::BAD_REQUEST)] {
            let answer = ca.post(path, Some(token), body).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            said += answer.text();
        }
    }
    drop(guard);
    said += &lines.text();
    assert!(
        said.contains("a certificate was issued"),
        "the log is looked at"
    );
    said += &serde_json::to_string(&ca.record.states()).unwrap();
    assert!(said.contains(EMAIL), "the record is looked at");
    for token in [&sound, &refused] {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!said.contains(token.as_str()) && !said.contains(signature));
    }
}
