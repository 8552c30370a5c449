//! The log as a monitor of RFC 6962 reads it, over its port.

use std::fs;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigstead_ct::{DigitallySigned, tree_head_input};
use sigstead_key::PublicKey;
use sigstead_merkle::{
    ConsistencyProof, InclusionProof, LeafHash, LeafIndex, NodeHash, RootHash, TreeHead,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::authorities::{Authorities, ephemeral};
use crate::world::{config, prepare, submission};

/// The service on a port of its own.
struct Running {
    folder: TempDir,
    authorities: Authorities,
    address: SocketAddr,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authorities = Authorities::new().await;
        prepare(folder.path(), &authorities);
        let bound = sigstead_ctlog::build(config(folder.path()))
            .await
            .unwrap()
            .bind()
            .await
            .unwrap();
        let address = bound.public_address();
        let stop = CancellationToken::new();
        let task = tokio::spawn(bound.run(stop.clone()));
        Self {
            folder,
            authorities,
            address,
            stop,
            task,
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    async fn exchange(&self, head: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nhost: ct\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            status,
            serde_json::from_str(body).unwrap_or_else(|_| body.into()),
        )
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.exchange(&format!("GET {path}"), "").await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Logs so many precertificates and one certificate.
    async fn log(&self, count: u8) {
        for seed in 0..count {
            let precertificate = self.authorities.precertificate(seed).await;
            let chain = self.authorities.chain(precertificate.to_der());
            let body = submission(&chain);
            let (status, answer) = self.exchange("POST /ct/v1/add-pre-chain", &body).await;
            assert_eq!(status, 200, "{answer}");
        }
        let certificate = self.authorities.certificate(ephemeral().as_ref()).await;
        let body = submission(&self.authorities.chain(certificate.to_der()));
        assert_eq!(self.exchange("POST /ct/v1/add-chain", &body).await.0, 200);
    }

    /// The tree head, after checking its signature.
    async fn head(&self) -> TreeHead {
        let sth = self.get("/ct/v1/get-sth").await;
        let head = TreeHead {
            size: sth["tree_size"].as_u64().unwrap(),
            root: RootHash::try_from(decode(&sth["sha256_root_hash"]).as_slice()).unwrap(),
        };
        let pem = fs::read_to_string(self.folder.path().join("ctlog.pub")).unwrap();
        let signature = DigitallySigned::parse(&decode(&sth["tree_head_signature"])).unwrap();
        let input = tree_head_input(&head, sth["timestamp"].as_u64().unwrap());
        signature
            .verify(&input, &PublicKey::from_pem(&pem).unwrap())
            .unwrap();
        head
    }
}

fn decode(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn nodes(value: &Value) -> Vec<NodeHash> {
    let hashes = value.as_array().unwrap().iter();
    hashes
        .map(|hash| NodeHash::try_from(decode(hash).as_slice()).unwrap())
        .collect()
}

fn in_query(base64: &str) -> String {
    base64
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_entry_is_read_proven_and_found_by_its_hash() {
    let log = Running::start().await;
    assert_eq!(log.head().await, TreeHead::empty());
    log.log(4).await;
    let head = log.head().await;
    assert_eq!(head.size, 5);
    let entries = log.get("/ct/v1/get-entries?start=0&end=999").await;
    let entries = entries["entries"].as_array().unwrap().clone();
    assert_eq!(entries.len(), 5);
    for (index, entry) in (0..).zip(&entries) {
        let leaf = LeafHash::of(&decode(&entry["leaf_input"]));
        let path = format!("/ct/v1/get-entry-and-proof?leaf_index={index}&tree_size=5");
        let proven = log.get(&path).await;
        assert_eq!(proven["leaf_input"], entry["leaf_input"]);
        assert_eq!(proven["extra_data"], entry["extra_data"]);
        let hash = in_query(&STANDARD.encode(leaf.as_bytes()));
        let path = format!("/ct/v1/get-proof-by-hash?hash={hash}&tree_size=5");
        // The index follows the log.
        let found = loop {
            let (status, found) = log.exchange(&format!("GET {path}"), "").await;
            match status {
                200 => break found,
                400 => tokio::task::yield_now().await,
                _ => panic!("{status}: {found}"),
            }
        };
        assert_eq!(found["leaf_index"], index);
        assert_eq!(found["audit_path"], proven["audit_path"]);
        let proof = InclusionProof {
            leaf_index: LeafIndex::new(index),
            tree_size: 5,
            hashes: nodes(&found["audit_path"]),
        };
        proof.verify(&leaf, &head.root).unwrap();
    }
    log.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_has_an_sct_finds_its_leaf_at_once() {
    let log = Running::start().await;
    let mut found_at_once = 0;
    for index in 0..10 {
        log.log(0).await;
        let path = format!("/ct/v1/get-entries?start={index}&end={index}");
        let entries = log.get(&path).await;
        let leaf = LeafHash::of(&decode(&entries["entries"][0]["leaf_input"]));
        let hash = in_query(&STANDARD.encode(leaf.as_bytes()));
        let path = format!(
            "/ct/v1/get-proof-by-hash?hash={hash}&tree_size={}",
            index + 1
        );
        let (status, body) = log.exchange(&format!("GET {path}"), "").await;
        if status == 200 {
            assert_eq!(body["leaf_index"], index);
            found_at_once += 1;
        }
    }
    // A busy machine may be late at some.
    assert_ne!(found_at_once, 0);
    log.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_certificates_beside_an_entry_are_whole() {
    let log = Running::start().await;
    log.log(1).await;
    let entries = log.get("/ct/v1/get-entries?start=0&end=1").await;
    let issuers = [&log.authorities.intermediate, &log.authorities.root];
    let chain: Vec<u8> = issuers
        .iter()
        .flat_map(|issuer| prefixed(issuer.to_der()))
        .collect();
    for (index, entry) in entries["entries"].as_array().unwrap().iter().enumerate() {
        let extra_data = decode(&entry["extra_data"]);
        assert!(extra_data.ends_with(&prefixed(&chain)), "entry {index}");
        let before = &extra_data[..extra_data.len() - chain.len() - 3];
        // RFC 6962 §3.1: a precertificate stands before its chain; a certificate is in the leaf.
        match index {
            0 => assert_eq!(before, prefixed(&before[3..])),
            _ => assert!(before.is_empty()),
        }
    }
    log.stop().await;
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u32).to_be_bytes();
    [&length[1..], bytes].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_two_heads_are_proven_consistent() {
    let log = Running::start().await;
    log.log(2).await;
    let first = log.head().await;
    log.log(3).await;
    let second = log.head().await;
    let path = format!(
        "/ct/v1/get-sth-consistency?first={}&second={}",
        first.size, second.size
    );
    let proof = ConsistencyProof {
        first_size: first.size,
        second_size: second.size,
        hashes: nodes(&log.get(&path).await["consistency"]),
    };
    proof.verify(&first.root, &second.root).unwrap();
    log.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refuses_what_it_does_not_have() {
    let log = Running::start().await;
    log.log(1).await;
    let absent = in_query(&STANDARD.encode([7; 32]));
    for path in [
        "/ct/v1/get-entries?start=2&end=2".to_owned(),
        "/ct/v1/get-entries?start=1&end=0".to_owned(),
        "/ct/v1/get-entries?start=-1&end=0".to_owned(),
        "/ct/v1/get-entries".to_owned(),
        "/ct/v1/get-sth-consistency?first=2&second=1".to_owned(),
        "/ct/v1/get-sth-consistency?first=1&second=3".to_owned(),
        "/ct/v1/get-entry-and-proof?leaf_index=2&tree_size=2".to_owned(),
        "/ct/v1/get-entry-and-proof?leaf_index=0&tree_size=3".to_owned(),
        "/ct/v1/get-proof-by-hash?hash=abc&tree_size=2".to_owned(),
        format!("/ct/v1/get-proof-by-hash?hash={absent}&tree_size=2"),
    ] {
        let (status, body) = log.exchange(&format!("GET {path}"), "").await;
        assert_eq!(status, 400, "{path}: {body}");
        assert!(
            body.as_str().unwrap().contains("E-CTLOG-00"),
            "{path}: {body}"
        );
    }
    log.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_changed_file_of_roots_counts_without_a_restart_and_a_broken_one_does_not() {
    let log = Running::start().await;
    let (other, roots) = (
        Authorities::new().await,
        log.folder.path().join("roots.pem"),
    );
    let precertificate = other.precertificate(1).await;
    let body = submission(&other.chain(precertificate.to_der()));
    assert_eq!(
        log.exchange("POST /ct/v1/add-pre-chain", &body).await.0,
        400
    );
    fs::write(&roots, "broken").unwrap();
    let both = [log.authorities.root.to_pem(), other.root.to_pem()].concat();
    log.log(1).await;
    fs::write(&roots, both).unwrap();
    while log.exchange("POST /ct/v1/add-pre-chain", &body).await.0 != 200 {
        tokio::task::yield_now().await;
    }
    let accepted = log.get("/ct/v1/get-roots").await;
    assert_eq!(accepted["certificates"].as_array().unwrap().len(), 2);
    // Its issuers were read and verified before, which says nothing of whether they are accepted.
    fs::write(&roots, log.authorities.root.to_pem()).unwrap();
    while log.exchange("POST /ct/v1/add-pre-chain", &body).await.0 == 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        log.exchange("POST /ct/v1/add-pre-chain", &body).await.0,
        400
    );
    log.stop().await;
}
