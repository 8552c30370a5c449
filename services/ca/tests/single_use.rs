//! Tokens that are good for one certificate, and what a proof of possession is told.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use sigstead_ca::TokenUses;
use sigstead_identity::IssuerType;
use sigstead_issuance::{Outcome, Stage, TokenUse, UseError, UsedTokens};
use sigstead_key::Algorithm;
use time::OffsetDateTime;
use tokio::sync::{Notify, Semaphore};
use world::holder::Holder;
use world::{Answer, EMAIL, Fault, Setup, TestCa};

const V2: &str = "/api/v2/signingCert";
const PUT_OFF: &str = "sigstead_ca_issuances_put_off_total";

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
    let again = ask(&ca, &token).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    assert_eq!(again.header("sigstead-code"), Some("E-CA-041"));
    assert_eq!(again.json()["code"], 6);
    let refused = ca.record.states().pop().unwrap();
    assert_eq!(
        (refused.stage, refused.outcome),
        (Stage::Precertificate, Outcome::Failed),
        "the refusal is recorded"
    );
    assert!(refused.failure.unwrap().contains("was used before"));
    assert_eq!(ca.ct_log.submissions.lock().unwrap().len(), 1);
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
    let ca = TestCa::with(Setup {
        single_use: true,
        token_algorithm: Algorithm::EcdsaP256Sha256,
        ..Setup::default()
    })
    .await;
    let claims = world::TestIssuer::claims();
    let (first, second) = (
        ca.issuer.token_of(&claims).await,
        ca.issuer.token_of(&claims).await,
    );
    let (signed, signature) = first.rsplit_once('.').unwrap();
    let (signed_again, other_signature) = second.rsplit_once('.').unwrap();
    assert_eq!(signed, signed_again);
    assert_ne!(signature, other_signature);
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
async fn what_refuses_before_leaves_a_token_and_what_fails_after_a_signature_uses_it_up() {
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

/// Tokens in memory behind a gate, which tells when it is asked.
struct Gated {
    used: UsedTokens,
    is_failing: AtomicBool,
    asked: Notify,
    gate: Semaphore,
}

impl Gated {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            used: UsedTokens::in_memory().unwrap(),
            is_failing: AtomicBool::new(false),
            asked: Notify::new(),
            gate: Semaphore::new(permits),
        })
    }

    async fn ca(self: &Arc<Self>, setup: Setup) -> TestCa {
        TestCa::with(Setup {
            single_use: true,
            token_uses: Some(self.clone()),
            ..setup
        })
        .await
    }
}

#[async_trait]
impl TokenUses for Gated {
    async fn take(&self, token: &TokenUse, now: OffsetDateTime) -> Result<bool, UseError> {
        // It fails behind the write, so that it is not known whether the token is in use.
        let taken = self.used.take(token, now).await;
        self.asked.notify_one();
        self.gate.acquire().await.unwrap().forget();
        match self.is_failing.load(Ordering::SeqCst) {
            true => Err(UseError::Closed),
            false => taken,
        }
    }

    fn give_back(&self, token: &TokenUse) {
        self.used.give_back(token);
    }

    async fn is_used(&self, digest: [u8; 32]) -> Result<bool, UseError> {
        self.used.is_used(digest).await
    }

    fn check(&self) -> Result<(), UseError> {
        self.used.check()
    }
}

#[tokio::test]
async fn a_token_is_taken_once_the_record_knows_and_used_also_if_the_caller_hangs_up() {
    let uses = Gated::new(0);
    let ca = uses.ca(Setup::default()).await;
    let token = ca.issuer.token().await;
    let body = Holder::p256().request(EMAIL).await;
    tokio::select! {
        _ = ca.post(V2, Some(&token), &body) => panic!("the token is not taken yet"),
        () = uses.asked.notified() => {}
    }
    let known = ca.record.states();
    assert_eq!(
        known.len(),
        1,
        "a process that is killed here leaves a record"
    );
    assert_eq!(known[0].outcome, Outcome::Open);
    assert!(
        !ca.ct_log.was_asked.load(Ordering::SeqCst),
        "nothing is signed"
    );
    // The caller has hung up, and its issuance goes on.
    uses.gate.add_permits(2);
    while ca.record.states().last().unwrap().outcome == Outcome::Open {
        tokio::task::yield_now().await;
    }
    assert_eq!(ca.record.states().pop().unwrap().outcome, Outcome::Issued);
    let again = ask(&ca, &token).await;
    assert_eq!(again.header("sigstead-code"), Some("E-CA-041"));
}

#[tokio::test]
async fn a_token_of_which_no_signature_came_is_good_again() {
    let uses = Gated::new(8);
    let ca = uses.ca(Setup::default()).await;
    let token = ca.issuer.token().await;
    uses.is_failing.store(true, Ordering::SeqCst);
    let put_off = ask(&ca, &token).await;
    assert_eq!(put_off.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(put_off.header("sigstead-code"), Some("E-CA-042"));
    assert_eq!(put_off.header("retry-after"), Some("10"));
    assert_eq!(ca.metric(PUT_OFF, Some("token_use")), 1.0);
    let last = ca.record.states().pop().unwrap();
    assert_eq!(last.outcome, Outcome::Failed);
    uses.is_failing.store(false, Ordering::SeqCst);
    ask(&ca, &token).await.chain();
    assert_eq!(
        ask(&ca, &token).await.header("sigstead-code"),
        Some("E-CA-041")
    );

    let broken = TestCa::with(Setup {
        single_use: true,
        signer_fails: true,
        ..Setup::default()
    })
    .await;
    let token = broken.issuer.token().await;
    for _ in 0..2 {
        let failed = ask(&broken, &token).await;
        assert_eq!(failed.header("sigstead-code"), Some("E-CA-011"));
    }
}

/// A file that cannot be used is the trouble of those who need it.
#[tokio::test]
async fn a_damaged_file_puts_off_tokens_that_are_good_once_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("used-tokens"), "not what was written").unwrap();
    let uses = Arc::new(UsedTokens::open(folder.path()).unwrap());
    for single_use in [true, false] {
        let ca = TestCa::with(Setup {
            single_use,
            token_uses: Some(uses.clone()),
            ..Setup::default()
        })
        .await;
        let answer = ask(&ca, &ca.issuer.token().await).await;
        if single_use {
            assert_eq!(answer.header("sigstead-code"), Some("E-CA-043"));
            assert_eq!(ca.metric(PUT_OFF, Some("token_use")), 1.0);
            assert!(ca.record.states().is_empty(), "nothing was written for it");
        } else {
            answer.chain();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_holds_nobody() {
    let uses = Arc::new(Silent);
    let ca = TestCa::with(Setup {
        single_use: true,
        token_uses: Some(uses),
        ..Setup::default()
    })
    .await;
    let answer = ask(&ca, &ca.issuer.token().await).await;
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-042"));
    assert_eq!(ca.metric(PUT_OFF, Some("token_use_late")), 1.0);
    assert!(!ca.ct_log.was_asked.load(Ordering::SeqCst));
}

/// A disk that never answers.
struct Silent;

#[async_trait]
impl TokenUses for Silent {
    async fn take(&self, _: &TokenUse, _: OffsetDateTime) -> Result<bool, UseError> {
        std::future::pending().await
    }

    fn give_back(&self, _: &TokenUse) {}

    async fn is_used(&self, _: [u8; 32]) -> Result<bool, UseError> {
        std::future::pending().await
    }

    fn check(&self) -> Result<(), UseError> {
        Ok(())
    }
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
