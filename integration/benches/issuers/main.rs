//! How long a certificate takes while hostile issuers do what they can, beside how long it takes in quiet, in the same run.
//!
//! One client asks for certificates with tokens of honest issuers, one after the other. The issuers, their network and what
//! they do are those of the test `hostile`; client, services and issuers share the machine's cores.
//!
//! `cargo bench -p sigstead-integration --bench issuers`

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on must end"
)]

#[path = "../../tests/hostile/answers.rs"]
mod answers;
#[path = "../../tests/hostile/attack.rs"]
mod attack;
#[path = "../../tests/hostile/authority.rs"]
#[expect(dead_code, reason = "the test asks for more")]
mod authority;
#[path = "../../tests/hostile/kind.rs"]
mod kind;
#[path = "../../tests/hostile/ledger.rs"]
#[expect(dead_code, reason = "the test asks for more")]
mod ledger;
#[path = "../../tests/hostile/network.rs"]
mod network;
#[path = "../../tests/hostile/server.rs"]
mod server;
#[path = "../../tests/hostile/token.rs"]
mod token;
#[path = "../../tests/hostile/zone.rs"]
mod zone;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use authority::Authority;
use ledger::Ledger;
use token::IssuerKey;

fn main() {
    if std::env::args().any(|word| word == INSIDE) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(measure());
        runtime.shutdown_background();
        return;
    }
    let Some(mut inside) = network::this_program() else {
        return;
    };
    assert!(inside.arg(INSIDE).status().unwrap().success());
}

async fn measure() {
    let (ledger, key) = (Arc::new(Ledger::default()), Arc::new(IssuerKey::generate()));
    zone::serve().await;
    server::serve(&ledger, &key).await;
    let authority = tokio::task::spawn_blocking(Authority::start).await.unwrap();
    let authority = Arc::new(authority);
    let tokens = attack::honest_tokens(&authority, &key);
    // The issuers of the file have the authority wait already; what is quiet is that no token of them comes.
    let quiet = certificates(&authority, &ledger, &tokens, |count| count < QUIET).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let attacking = {
        let (authority, ledger, is_over) = (authority.clone(), ledger.clone(), is_over.clone());
        let key = key.clone();
        tokio::spawn(async move {
            attack::attack(&authority, &ledger, &key).await;
            is_over.store(true, Ordering::Relaxed);
        })
    };
    let goes_on = |_| !is_over.load(Ordering::Relaxed);
    let attacked = certificates(&authority, &ledger, &tokens, goes_on).await;
    attacking.await.unwrap();
    let again = certificates(&authority, &ledger, &tokens, |count| count < QUIET).await;
    print("quiet", &quiet);
    print("hostile issuers", &attacked);
    print("quiet again", &again);
    let ratio = at(&attacked, 99).as_secs_f64() / at(&quiet, 99).as_secs_f64();
    println!("p99 beside hostile issuers / p99 in quiet: {ratio:.2}");
}

/// How long each took, sorted.
async fn certificates(
    authority: &Authority,
    ledger: &Ledger,
    tokens: &[String],
    goes_on: impl Fn(usize) -> bool,
) -> Vec<Duration> {
    let mut times = Vec::new();
    while goes_on(times.len()) {
        for token in tokens {
            let before = ledger.open();
            let began = Instant::now();
            let (status, answer) = authority.ask(token).await;
            times.push(began.elapsed());
            assert_eq!(status, 200, "{answer}");
            // An issuer that keeps the authority waiting is at its end once a certificate overtook it.
            ledger.overtaken(&before);
        }
    }
    times.sort();
    times
}

fn at(times: &[Duration], share: usize) -> Duration {
    times[(times.len() - 1) * share / 100]
}

fn print(name: &str, times: &[Duration]) {
    let millis = |share| at(times, share).as_secs_f64() * 1e3;
    println!(
        "{name:<16} {:>6} certificates, p50 {:>7.2} ms, p99 {:>7.2} ms",
        times.len(),
        millis(50),
        millis(99)
    );
}

const INSIDE: &str = "inside";
const QUIET: usize = 1_500;
