//! Clients who write to both logs of Rekor, and remember what was acknowledged.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sigstead_integration::Instance;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// Clients at work, from the beginning of the value to [`Load::stop`].
pub(super) struct Load {
    runtime: Runtime,
    clients: Arc<Clients>,
    tasks: Vec<JoinHandle<()>>,
}

struct Clients {
    http: reqwest::Client,
    url: String,
    key: EcdsaKeyPair,
    random: SystemRandom,
    sent: AtomicU64,
    is_over: AtomicBool,
    acknowledged: Mutex<Acknowledged>,
}

/// What the logs promised.
#[derive(Clone, Default)]
pub(super) struct Acknowledged {
    /// Of Rekor v1: the identifiers of entries.
    pub(super) v1: Vec<String>,
    /// Of Rekor v2: lines of a ledger.
    pub(super) v2: Vec<Value>,
}

impl Acknowledged {
    /// These and others.
    pub(super) fn and(mut self, others: &Self) -> Self {
        self.v1.extend_from_slice(&others.v1);
        self.v2.extend_from_slice(&others.v2);
        self
    }
}

impl Load {
    pub(super) fn start(instance: &Instance, clients: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(Clients {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: instance.url("tlog"),
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            random: SystemRandom::new(),
            sent: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            acknowledged: Mutex::default(),
        });
        let client = || runtime.spawn(send(Arc::clone(&shared)));
        Self {
            tasks: (0..clients).map(|_| client()).collect(),
            clients: shared,
            runtime,
        }
    }

    /// What was acknowledged until now.
    pub(super) fn acknowledged(&self) -> Acknowledged {
        self.clients.acknowledged.lock().unwrap().clone()
    }

    /// Waits for the last answers.
    pub(super) fn stop(self) -> Acknowledged {
        self.clients.is_over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            self.runtime.block_on(task).unwrap();
        }
        let acknowledged = self.clients.acknowledged.lock().unwrap();
        acknowledged.clone()
    }
}

async fn send(clients: Arc<Clients>) {
    while !clients.is_over.load(Ordering::SeqCst) {
        clients.send_v1().await;
        clients.send_v2().await;
    }
}

impl Clients {
    async fn send_v1(&self) {
        let (digest, signature) = self.signed();
        let key = self.public_key();
        let (first, second) = key.split_at(64);
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n");
        let entry = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hex(&digest)}},
            "signature": {"content": signature, "publicKey": {"content": STANDARD.encode(pem)}},
        }});
        let answer = self.post("/api/v1/log/entries", &entry).await;
        let name = answer.as_object().unwrap().keys().next().unwrap().clone();
        self.acknowledged.lock().unwrap().v1.push(name);
    }

    async fn send_v2(&self) {
        let (digest, signature) = self.signed();
        let entry = json!({"hashedRekordRequestV002": {
            "digest": STANDARD.encode(digest),
            "signature": {"content": signature, "verifier": {
                "publicKey": {"rawBytes": self.public_key()},
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            }},
        }});
        let answer = self.post("/api/v2/log/entries", &entry).await;
        let line = json!({
            "index": answer["logIndex"].as_str().unwrap().parse::<u64>().unwrap(),
            "body": answer["canonicalizedBody"],
            "checkpoint": answer["inclusionProof"]["checkpoint"]["envelope"],
            "proof": answer["inclusionProof"]["hashes"],
        });
        self.acknowledged.lock().unwrap().v2.push(line);
    }

    async fn post(&self, path: &str, entry: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        let answer = request.body(entry.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A digest that was never sent before, and its signature.
    fn signed(&self) -> ([u8; 32], String) {
        let message = self.sent.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let signature = self.key.sign(&self.random, &message).unwrap();
        let digest = Sha256::digest(message).into();
        (digest, STANDARD.encode(signature.as_ref()))
    }

    fn public_key(&self) -> String {
        STANDARD.encode(self.key.public_key().as_der().unwrap().as_ref())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
