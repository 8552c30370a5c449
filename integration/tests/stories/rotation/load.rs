//! Clients of a timestamp authority that ask without a pause.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use sigstead_integration::Instance;
use sigstead_key::HashAlgorithm;
use sigstead_trust_root::TrustedRoot;
use sigstead_tsp::{TimeStampReq, TimestampToken};

/// Asks until it is stopped. An answer other than a timestamp ends the test.
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    chains: Arc<Mutex<BTreeSet<String>>>,
    asking: JoinHandle<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// What was asked and answered.
pub(super) struct Answers(Vec<(Vec<u8>, Vec<u8>)>);

impl Load {
    pub(super) fn start(instance: &Instance) -> Self {
        let (is_over, chains) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let asking = {
            let (is_over, chains) = (Arc::clone(&is_over), Arc::clone(&chains));
            let url = format!("{}/api/v1/timestamp", instance.url("tsa"));
            std::thread::spawn(move || ask(&url, &is_over, &chains))
        };
        Self {
            is_over,
            chains,
            asking,
        }
    }

    /// How many chains the authority has shown so far.
    pub(super) fn chains(&self) -> usize {
        self.chains.lock().unwrap().len()
    }

    pub(super) fn stop(self) -> Answers {
        self.is_over.store(true, Ordering::Relaxed);
        Answers(self.asking.join().unwrap())
    }
}

impl Answers {
    /// How many answers each chain of the trusted root accepts. Each is accepted by one.
    pub(super) fn verified(&self, root: &TrustedRoot) -> Vec<usize> {
        let authorities = root.timestamp_authorities.iter();
        let chains: Vec<_> = authorities
            .map(|each| (each, each.chain().unwrap()))
            .collect();
        let mut counts = vec![0; chains.len()];
        for (message, response) in &self.0 {
            let token = TimestampToken::from_response(response).unwrap();
            let accepts = chains.iter().position(|(authority, chain)| {
                let time = token.verify(message, chain);
                time.is_ok_and(|time| authority.is_trusted_at(time))
            });
            counts[accepts.unwrap()] += 1;
        }
        counts
    }
}

fn ask(
    url: &str,
    is_over: &AtomicBool,
    chains: &Mutex<BTreeSet<String>>,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let client = reqwest::Client::new();
    let mut answers = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let message = format!("message {}", answers.len()).into_bytes();
        let response = runtime.block_on(async {
            let digest = HashAlgorithm::Sha256.digest(&message);
            let request = TimeStampReq::new(HashAlgorithm::Sha256, &digest).unwrap();
            let post = client.post(url).body(request.to_der().unwrap());
            let post = post.header("content-type", "application/timestamp-query");
            let answer = post.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let chain = client.get(format!("{url}/certchain")).send().await.unwrap();
            let chain = chain.text().await.unwrap();
            chains.lock().unwrap().insert(chain);
            answer.bytes().await.unwrap()
        });
        answers.push((message, response.to_vec()));
    }
    answers
}
