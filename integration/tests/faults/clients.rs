//! Clients of a log: they send entries that nobody else sends, and write down what they were promised.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What came of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was acknowledged, and that was written down.
    Acknowledged,
    /// The log did not take it.
    Refused {
        status: u16,
        code: String,
        says_when_to_return: bool,
    },
    /// Nobody answered, or not to the end: nothing is promised.
    Lost,
}

/// What all clients of a log share.
pub(crate) struct Clients {
    http: Client,
    url: String,
    key: EcdsaKeyPair,
    spki: String,
    random: SystemRandom,
    sent: AtomicU64,
    acknowledged: AtomicU64,
    ledger: Mutex<File>,
    observed: Mutex<File>,
}

impl Clients {
    /// Clients of the log at an address, who write below a folder and go on where earlier ones ended.
    pub(crate) fn new(url: &str, folder: &Path) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let append = |name| {
            File::options()
                .create(true)
                .append(true)
                .open(folder.join(name))
        };
        Self {
            http: Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(10))
                .build()
                .unwrap(),
            url: url.to_owned(),
            spki: STANDARD.encode(key.public_key().as_der().unwrap().as_ref()),
            key,
            random: SystemRandom::new(),
            sent: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            ledger: Mutex::new(append("ledger").unwrap()),
            observed: Mutex::new(append("observed").unwrap()),
        }
    }

    /// How many entries these clients know to be logged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// An entry that was never sent before.
    pub(crate) fn entry(&self) -> String {
        let message = self.sent.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let signature = self.key.sign(&self.random, &message).unwrap();
        json!({"hashedRekordRequestV002": {
            "digest": STANDARD.encode(Sha256::digest(message)),
            "signature": {
                "content": STANDARD.encode(signature.as_ref()),
                "verifier": {
                    "publicKey": {"rawBytes": self.spki},
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                },
            },
        }})
        .to_string()
    }

    /// Sends an entry, and writes the acknowledgement down if there is one.
    pub(crate) async fn send(&self, entry: String) -> Answer {
        let url = format!("{}/api/v2/log/entries", self.url);
        let Ok(response) = self.http.post(url).body(entry).send().await else {
            return Answer::Lost;
        };
        if !response.status().is_success() {
            return refusal(&response);
        }
        let Ok(body) = response.bytes().await else {
            return Answer::Lost;
        };
        let answer: Value = serde_json::from_slice(&body).unwrap();
        let line = json!({
            "index": answer["logIndex"].as_str().unwrap().parse::<u64>().unwrap(),
            "body": answer["canonicalizedBody"],
            "checkpoint": answer["inclusionProof"]["checkpoint"]["envelope"],
            "proof": answer["inclusionProof"]["hashes"],
        });
        append(&self.ledger, &line);
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        Answer::Acknowledged
    }

    /// Asks for the checkpoint once.
    async fn observe(&self) {
        let Ok(response) = self
            .http
            .get(format!("{}/checkpoint", self.url))
            .send()
            .await
        else {
            return;
        };
        if !response.status().is_success() {
            return;
        }
        let Ok(checkpoint) = response.text().await else {
            return;
        };
        let line = json!({"time_millis": now_millis(), "checkpoint": checkpoint});
        append(&self.observed, &line);
    }
}

/// In one write, so that whoever reads meanwhile finds whole lines.
fn append(file: &Mutex<File>, line: &Value) {
    let line = format!("{line}\n");
    file.lock().unwrap().write_all(line.as_bytes()).unwrap();
}

/// Clients at work.
pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    /// So many clients who send one entry after the other, and one observer. An entry that was not acknowledged is sent
    /// again, as every client does.
    pub(crate) fn start(runtime: &Runtime, clients: &Arc<Clients>, count: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks: Vec<_> = (0..count)
            .map(|_| runtime.spawn(send_all(Arc::clone(clients), Arc::clone(&is_over))))
            .collect();
        tasks.push(runtime.spawn(observe_all(Arc::clone(clients), Arc::clone(&is_over))));
        Self { is_over, tasks }
    }

    /// Waits until every client has its last answer.
    pub(crate) fn stop(self, runtime: &Runtime) {
        self.is_over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            runtime.block_on(task).unwrap();
        }
    }
}

async fn send_all(clients: Arc<Clients>, is_over: Arc<AtomicBool>) {
    let mut entry = clients.entry();
    while !is_over.load(Ordering::SeqCst) {
        if clients.send(entry.clone()).await == Answer::Acknowledged {
            entry = clients.entry();
        }
        // Enough to keep rounds coming, little enough for the verifier to check every checkpoint in a debug build.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn observe_all(clients: Arc<Clients>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::SeqCst) {
        clients.observe().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn refusal(response: &Response) -> Answer {
    let header = |name| response.headers().get(name);
    Answer::Refused {
        status: response.status().as_u16(),
        code: header("sigstead-code")
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default(),
        says_when_to_return: header("retry-after").is_some(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an observer has a clock of its own"
)]
fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}
