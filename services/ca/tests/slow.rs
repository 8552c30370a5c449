//! Time that others spent is not a log's failure.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use std::sync::atomic::Ordering;
use std::time::Duration;

use sigstead_ca::ct_log::Ends;
use world::holder::Holder;
use world::{Answer, EMAIL, Fault, Setup, TestCa};

async fn ask(ca: &TestCa) -> Answer {
    let token = ca.issuer.token().await;
    let request = Holder::p256().request(EMAIL).await;
    ca.post("/api/v2/signingCert", Some(&token), &request).await
}

/// As many at a time as failures close a log for everybody.
async fn ask_three(ca: &TestCa) -> [Answer; 3] {
    tokio::join!(ask(ca), ask(ca), ask(ca)).into()
}

#[tokio::test(start_paused = true)]
async fn a_key_that_took_all_the_time_is_not_the_logs_failure() {
    let ca = TestCa::with(Setup {
        fault: Fault::Slow,
        signer_takes: Duration::from_millis(4_500),
        ..Setup::default()
    })
    .await;
    for answer in ask_three(&ca).await {
        assert_eq!(answer.header("sigstead-code"), Some("E-CA-010"));
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    assert!(!ca.ct_log.was_asked.load(Ordering::SeqCst));
    // The key is quick now, and the log is as good as before.
    ask(&ca).await.chain();
}

#[tokio::test(start_paused = true)]
async fn a_log_that_was_left_no_time_is_asked_by_the_next() {
    let ca = TestCa::with(Setup {
        fault: Fault::Hangs,
        second: Some((Fault::Slow, Ends::default())),
        // Six tenths of a second are left, and the first log spends them.
        signer_takes: Duration::from_millis(4_200),
        ..Setup::default()
    })
    .await;
    for answer in ask_three(&ca).await {
        assert_eq!(answer.header("sigstead-code"), Some("E-CA-010"));
    }
    ask(&ca).await.chain();
}
