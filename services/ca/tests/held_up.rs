//! What is good and cannot be carried out now: the disk hangs, too many are under way, no log is to be asked.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use http::StatusCode;
use sigstead_ca::ct_log::Ends;
use sigstead_issuance::{Outcome, Stage};
use world::holder::Holder;
use world::{Answer, EMAIL, Fault, Setup, TestCa, now};

const PUT_OFF: &str = "sigstead_ca_issuances_put_off_total";
const UNDER_WAY: &str = "sigstead_ca_issuances_under_way";

async fn ask(ca: &TestCa) -> Answer {
    let (token, holder) = (ca.issuer.token().await, Holder::p256());
    ca.post(
        "/api/v2/signingCert",
        Some(&token),
        &holder.request(EMAIL).await,
    )
    .await
}

fn put_off(answer: &Answer, code: &str, retry_after: &str) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("sigstead-code"), Some(code));
    assert_eq!(answer.header("retry-after"), Some(retry_after));
    assert!(!answer.text().contains("BEGIN CERTIFICATE"));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_hangs_holds_nobody_and_nothing_is_signed() {
    let ca = TestCa::new().await;
    ca.record.set_silent(true);
    put_off(&ask(&ca).await, "E-CA-038", "10");
    assert!(ca.ct_log.submissions.lock().unwrap().is_empty());
    assert_eq!(ca.metric(PUT_OFF, Some("record_late")), 1.0);
    assert_eq!(ca.metric(UNDER_WAY, None), 0.0, "it has ended");
    ca.record.set_silent(false);
    ask(&ca).await.chain();
}

#[tokio::test(start_paused = true)]
async fn a_certificate_whose_end_takes_too_long_to_record_does_not_leave() {
    let ca = TestCa::with(Setup {
        fault: Fault::WaitsForTheGate,
        ..Setup::default()
    })
    .await;
    let hang = async {
        ca.ct_log.asked.notified().await;
        ca.record.set_silent(true);
        ca.ct_log.gate.add_permits(1);
    };
    let ((), answer) = tokio::join!(hang, ask(&ca));
    put_off(&answer, "E-CA-038", "10");
    let submissions = ca.ct_log.submissions.lock().unwrap().len();
    assert_eq!(submissions, 1, "nothing else refused first");
    let last = ca.record.states().pop().unwrap();
    assert_eq!((last.stage, last.outcome), (Stage::Log, Outcome::Open));
}

#[tokio::test]
async fn those_that_nobody_waits_for_count_among_those_under_way() {
    let ca = TestCa::with(Setup {
        fault: Fault::WaitsForTheGate,
        most_under_way: 1,
        ..Setup::default()
    })
    .await;
    {
        let asked = ca.ct_log.asked.notified();
        tokio::select! {
            _ = ask(&ca) => panic!("the log has not answered yet"),
            () = asked => {}
        }
    }
    // The first caller has hung up, and its certificate is still being issued.
    let states = ca.record.states().len();
    put_off(&ask(&ca).await, "E-CA-039", "1");
    assert_eq!(ca.record.states().len(), states, "nothing was written");
    assert_eq!(ca.metric(PUT_OFF, Some("too_many_under_way")), 1.0);
    assert_eq!(ca.metric(UNDER_WAY, None), 1.0);
    ca.ct_log.gate.add_permits(1);
    while ca.metric(UNDER_WAY, None) > 0.0 {
        tokio::task::yield_now().await;
    }
    ask(&ca).await.chain();
}

#[tokio::test]
async fn nothing_is_recorded_while_no_log_is_to_be_asked() {
    let resting = TestCa::with(Setup {
        fault: Fault::Unreachable,
        ..Setup::default()
    })
    .await;
    for _ in 0..3 {
        put_off(&ask(&resting).await, "E-CA-010", "2");
    }
    let states = resting.record.states().len();
    assert_eq!(states, 9, "three issuances came as far as the log");
    let answer = ask(&resting).await;
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-010"));
    assert_eq!(resting.record.states().len(), states);

    let outlived = TestCa::with(Setup {
        ends: Ends {
            from: None,
            until: Some(now()),
        },
        ..Setup::default()
    })
    .await;
    let answer = ask(&outlived).await;
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-053"));
    assert!(outlived.record.states().is_empty());
}
