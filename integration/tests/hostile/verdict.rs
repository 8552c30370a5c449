//! What must hold while and after the issuers did what they could.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::answers::least_asked;
use crate::attack::{Refusals, attack, honest_tokens};
use crate::authority::Authority;
use crate::kind::{Kind, Lane};
use crate::ledger::Ledger;
use crate::token::{IssuerKey, KEY_ID};
use crate::{server, zone};

pub(crate) async fn run() {
    let ledger = Arc::new(Ledger::default());
    let honest = Arc::new(IssuerKey::generate());
    zone::serve().await;
    server::serve(&ledger, &honest).await;
    let authority = tokio::task::spawn_blocking(Authority::start).await.unwrap();
    let authority = Arc::new(authority);
    let began = Instant::now();
    let tokens = honest_tokens(&authority, &honest);
    // Each issuer of a pattern is a stranger until it has had keys.
    for token in &tokens {
        let (status, answer) = authority.ask(token).await;
        assert_eq!(status, 200, "before the attack: {answer}");
    }
    let failed = failed_fetches(&authority).await;
    let idle = authority.most_memory();
    let is_over = Arc::new(AtomicBool::new(false));
    let signing = tokio::spawn(sign(
        authority.clone(),
        ledger.clone(),
        tokens,
        is_over.clone(),
    ));
    let refusals = attack(&authority, &ledger, &honest).await;
    is_over.store(true, Ordering::Relaxed);
    let signed = signing.await.unwrap();
    report(&ledger, &refusals, signed, idle, authority.most_memory());
    check_ledger(&ledger, began);
    check_metrics(&authority, signed, &failed).await;
    let forged = IssuerKey::generate().token(&Kind::Honest.issuer(Lane::Known, 1), KEY_ID);
    assert_eq!(authority.ask(&forged).await.0, 400);
    let most = authority.most_memory();
    assert!(
        most < idle + MEMORY,
        "{most} kB, before the attack {idle} kB"
    );
}

/// Asks for certificates of honest issuers, one after the other, until all others have done what they could. Each is given.
async fn sign(
    authority: Arc<Authority>,
    ledger: Arc<Ledger>,
    tokens: Vec<String>,
    is_over: Arc<AtomicBool>,
) -> usize {
    let mut signed = 0;
    while !is_over.load(Ordering::Relaxed) || signed < LEAST_SIGNED {
        for token in &tokens {
            let before = ledger.open();
            let (status, answer) = authority.ask(token).await;
            ledger.overtaken(&before);
            assert_eq!(status, 200, "{answer}");
        }
        signed += 1;
        let (status, answer) = authority.readiness().await;
        assert_eq!(status, 200, "{answer}");
    }
    signed
}

fn report(ledger: &Ledger, refusals: &Refusals, signed: usize, idle: u64, most: u64) {
    println!(
        "{signed} certificates of each honest issuer; memory {idle} kB before, {most} kB at most"
    );
    for ((kind, status), count) in refusals {
        println!(
            "{count:>5} tokens of {} were answered with {status}",
            kind.name()
        );
    }
    for (kind, sent) in ledger.most_sent() {
        println!("{sent:>10} bytes at most in an answer of {}", kind.name());
    }
}

fn check_ledger(ledger: &Ledger, began: Instant) {
    assert_eq!(ledger.trespasses(), Vec::<String>::new());
    for kind in Kind::HOSTILE {
        for lane in kind.lanes().iter().map(|lane| (kind, *lane)) {
            let asked = ledger.asked_of(lane);
            assert_eq!(
                asked == 0,
                kind.is_out_of_reach(),
                "{lane:?} was asked {asked} times"
            );
            assert!(
                asked == 0 || asked >= least_asked(lane),
                "{lane:?} was asked {asked} times"
            );
            let overtakings = ledger.overtakings_of(lane);
            assert!(
                overtakings > 0 || !kind.is_slow(),
                "nobody overtook {lane:?}"
            );
        }
    }
    for (kind, sent) in ledger.most_sent() {
        assert!(sent < MOST_SENT, "{kind:?} could send {sent} bytes");
    }
    // A document and a set of keys, at the start and then at most once a minute.
    let minutes = usize::try_from(began.elapsed().as_secs() / 60).unwrap();
    for lane in [Lane::Known, Lane::Strange] {
        let asked = ledger.asked_of((Kind::Flood, lane));
        let most = 2 + 2 * (1 + minutes);
        assert!(asked <= most, "the flood of {lane:?} asked {asked} times");
    }
}

/// What the authority itself counted. `failed` are the fetches that failed before the attack: an instance starts all of its
/// services at once, so the authority may ask the embedded issuer before that one listens.
async fn check_metrics(authority: &Authority, signed: usize, failed: &BTreeMap<String, f64>) {
    let tokens = authority.metric("sigstead_ca_identity_tokens_total").await;
    let failures = failed_fetches(authority).await;
    let embedded = authority.instance.url("oidc");
    for issuer in [Kind::Honest.issuer(Lane::Known, 1), embedded] {
        let label = format!("issuer={issuer:?}");
        let of_it = tokens.iter().filter(|(labels, _)| labels.contains(&label));
        let of_it: Vec<_> = of_it.collect();
        let accepted = format!("{label},outcome=\"accepted\"");
        assert_eq!(of_it, [(&accepted, &(signed as f64 + 1.0))]);
        assert_eq!(failures[&label], failed[&label], "{label}");
    }
}

/// The failed fetches of each issuer.
async fn failed_fetches(authority: &Authority) -> BTreeMap<String, f64> {
    authority
        .metric("sigstead_ca_issuer_fetch_failures_total")
        .await
}

const LEAST_SIGNED: usize = 50;
/// What the kernel holds for both ends of a connection is a few megabytes.
const MOST_SENT: u64 = 32 << 20;
/// What the attack may take, in kB.
const MEMORY: u64 = 32 << 10;
