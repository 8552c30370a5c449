//! Far more entries come than a log takes: it says so at once, keeps its memory, loses nothing it took, and recovers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Response};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sigstead_integration::{Instance, run, sigctl, wait_for};

/// Callers that send one entry after the other. At most this many wait, so there must be more of them than the log lets
/// wait.
const CALLERS: usize = 6_000;
/// How many connections are kept that no caller uses. The client opens one whenever none is free at that moment, so that
/// there would be more and more; with these there are fewer than one address may have.
const IDLE: usize = 500;
/// How long they go on. `make soak` has them go on for a minute.
const SECONDS: u64 = 8;
const LONGEST: u64 = 120;

#[test]
fn what_is_too_much_is_refused_early_and_nothing_else_is_lost() {
    let instance = Instance::create("overload", &[]).unwrap();
    // Rounds so far apart that more entries come between two than may wait, also where the callers are slow. Those that
    // wait are answered within the deadline.
    let config = instance.directory().join("tlog/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        text.replace("min_round_interval: 0s", "min_round_interval: 12s"),
    )
    .unwrap();
    instance.up().unwrap();
    let before = memory(&instance);

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let tally = runtime.block_on(overload(&instance.url("tlog")));
    println!(
        "{tally:?}, memory {before} kB before and {} kB at most",
        memory(&instance)
    );
    let taken = tally.count(TAKEN);
    assert!(taken > 0 && tally.count(REFUSED) > 0, "{tally:?}");
    assert_eq!(tally.unexpected(), Vec::<&str>::new(), "{tally:?}");
    // Four thousand waiting entries and six thousand connections; it does not grow with what was refused.
    assert!(
        memory(&instance) < before + 300 * 1024,
        "{} kB",
        memory(&instance)
    );

    let start = Instant::now();
    wait_for("the log after the load", || {
        runtime.block_on(async { Caller::new(&instance.url("tlog")).send(u64::MAX).await == TAKEN })
    })
    .unwrap();
    println!("takes entries again after {:?}", start.elapsed());
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
    let logs = instance
        .json(&["log", "info", instance.directory().to_str().unwrap()])
        .unwrap();
    let size = logs[1]["size"].as_u64().unwrap();
    assert!(size > taken, "{size} entries of {tally:?}");
}

/// How often each answer came.
#[derive(Debug, Default)]
struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn count(&self, answer: &str) -> u64 {
        self.0.get(answer).copied().unwrap_or_default()
    }

    fn unexpected(&self) -> Vec<&str> {
        let answers = self.0.keys().map(String::as_str);
        answers
            .filter(|answer| !POSSIBLE.contains(answer))
            .collect()
    }
}

pub(crate) const TAKEN: &str = "201";
/// The queue is full.
const REFUSED: &str = "429 E-TLOG-011, come back";
/// All that can become of an entry, without a fault of the service.
const POSSIBLE: [&str; 5] = [
    TAKEN,
    REFUSED,
    // The machine is so slow that those who wait are not answered within the deadline. The entry is logged all the same.
    "504 E-KIT-005",
    // So slow that this process does not get its own body sent in time.
    "408 E-KIT-009",
    // The service ends a connection that has asked for nothing for half a minute, and of too many those to which it owes
    // nothing. This process may be about to use one, and is too slow to notice.
    ENDED,
];
const ENDED: &str = "the connection ended";

async fn overload(url: &str) -> Tally {
    let seconds = match std::env::var_os("SIGSTEAD_TEST_SOAK") {
        Some(_) => 60,
        None => SECONDS,
    };
    let start = Instant::now();
    let refused = Arc::new(AtomicBool::new(false));
    let caller = Arc::new(Caller::new(url));
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..CALLERS as u64 {
        let (caller, refused) = (Arc::clone(&caller), Arc::clone(&refused));
        // A slow machine takes longer until more come than the log takes.
        let is_over = move |refused: &AtomicBool| {
            let passed = start.elapsed().as_secs();
            passed >= seconds && (refused.load(Ordering::Relaxed) || passed >= LONGEST)
        };
        callers.spawn(async move {
            let mut tally = Tally::default();
            let mut sent = 0;
            while !is_over(&refused) {
                let answer = caller.send(number << 32 | sent).await;
                if answer == REFUSED {
                    refused.store(true, Ordering::Relaxed);
                }
                *tally.0.entry(answer).or_default() += 1;
                sent += 1;
            }
            tally
        });
    }
    let mut sum = Tally::default();
    while let Some(tally) = callers.join_next().await {
        for (answer, count) in tally.unwrap().0 {
            *sum.0.entry(answer).or_default() += count;
        }
    }
    sum
}

pub(crate) struct Caller {
    client: Client,
    url: String,
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Caller {
    pub(crate) fn new(url: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self {
            client: Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(IDLE)
                .build()
                .unwrap(),
            url: format!("{url}/api/v2/log/entries"),
            key,
            random: SystemRandom::new(),
        }
    }

    /// Sends an entry of its own; tells the status of the answer, its code, and whether it says when to come back.
    pub(crate) async fn send(&self, number: u64) -> String {
        let message = number.to_be_bytes();
        let signature = self.key.sign(&self.random, &message).unwrap();
        let public_key =
            aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(
                self.key.public_key(),
            )
            .unwrap();
        let body = json!({"hashedRekordRequestV002": {
            "digest": STANDARD.encode(Sha256::digest(message)),
            "signature": {
                "content": STANDARD.encode(signature.as_ref()),
                "verifier": {
                    "publicKey": {"rawBytes": STANDARD.encode(public_key.as_ref())},
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                },
            },
        }});
        let answer = self.client.post(&self.url).body(body.to_string()).send();
        match answer.await {
            Ok(answer) => name(answer).await,
            Err(error) => broken(&error),
        }
    }
}

async fn name(answer: Response) -> String {
    let header = |name: &str| answer.headers().get(name)?.to_str().ok();
    let mut name = answer.status().as_str().to_owned();
    if let Some(code) = header("sigstead-code") {
        name = format!("{name} {code}");
    }
    if header("retry-after").is_some() {
        name.push_str(", come back");
    }
    // A connection whose answer was not read is not used again.
    match answer.bytes().await {
        Ok(_) => name,
        Err(error) => broken(&error),
    }
}

/// What the system or the library said last, unless it is that the connection ended.
fn broken(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let said = cause.to_string();
    let is_end = ["connection closed", "reset by peer", "Broken pipe"];
    if !error.is_connect() && is_end.iter().any(|end| said.contains(end)) {
        return ENDED.to_owned();
    }
    said
}

/// The most memory that `tlog` has had, in kB.
fn memory(instance: &Instance) -> u64 {
    let pid = std::fs::read_to_string(instance.directory().join("run/tlog.pid")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
