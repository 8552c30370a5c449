//! A log in a folder of its own, reached in process.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sigstead_config::ctlog::Config;
use sigstead_ct::{SignedCertificateTimestamp, TileLeaf, TreeHeadSignature, tree_head_input};
use sigstead_key::{Algorithm, LogId, PublicKey};
use sigstead_kit::{Clock, Listeners, Service, TestClock};
use sigstead_merkle::{LeafHash, NodeHash, NodeReader};
use sigstead_note::{KeyId, KeyName};
use sigstead_sequencer::{Error as LogError, FileAnchor};
use sigstead_signer::{KeyConfig, PrivateKey};
use sigstead_x509::Precertificate;
use tempfile::TempDir;
use time::OffsetDateTime;
use tower::ServiceExt as _;

use crate::authorities::Authorities;

pub(crate) const ORIGIN: &str = "ct2026.example.com";

/// The service, built on real files.
pub(crate) struct TestCtLog {
    pub(crate) folder: TempDir,
    pub(crate) router: Router,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) authorities: Authorities,
}

impl TestCtLog {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authorities = Authorities::new().await;
        prepare(folder.path(), &authorities);
        let clock = Arc::new(TestClock::at(now()));
        let router = open(folder.path(), &clock).await;
        Self {
            folder,
            router,
            clock,
            authorities,
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let pem = fs::read_to_string(self.folder.path().join("ctlog.pub")).unwrap();
        PublicKey::from_pem(&pem).unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(path).body(body.into()).unwrap())
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// Logs a precertificate that must be taken, and gives the SCT after checking it as an authority does.
    pub(crate) async fn log(&self, precertificate: &Precertificate) -> SignedCertificateTimestamp {
        let chain = self.authorities.chain(precertificate.to_der());
        let answer = self.post("/ct/v1/add-pre-chain", submission(&chain)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let sct = sct(&answer.json());
        let entry = sigstead_ct::SignedEntry::Precertificate {
            issuer_key_hash: sigstead_ct::IssuerKeyHash::of(&self.authorities.intermediate),
            tbs: precertificate.tbs_without_poison().unwrap(),
        };
        sct.verify(entry, &self.public_key()).unwrap();
        sct
    }

    /// Reads the whole log from its first bundle and tile, as a monitor does, and checks it against its checkpoint.
    pub(crate) async fn verify_log(&self) -> Vec<TileLeaf> {
        let (size, root) = self.verify_checkpoint().await;
        let (mut leaves, mut hashes) = (Vec::new(), Vec::new());
        for index in 0..size.div_ceil(256) {
            let width = (size - index * 256).min(256);
            let partial = if width < 256 {
                format!(".p/{width}")
            } else {
                String::new()
            };
            let bundle = self.get(&format!("/tile/data/{index:03}{partial}")).await;
            assert_eq!(bundle.status, StatusCode::OK);
            let mut rest = &bundle.body[..];
            let mut tile = Vec::new();
            for _ in 0..width {
                let (leaf, length) = TileLeaf::decode_first(rest).unwrap();
                rest = &rest[length..];
                let hash = leaf.timestamped_entry.leaf_hash().unwrap();
                tile.extend(hash.as_bytes());
                hashes.push(hash);
                leaves.push(leaf);
            }
            assert!(rest.is_empty());
            assert_eq!(
                self.get(&format!("/tile/0/{index:03}{partial}")).await.body,
                tile
            );
        }
        for leaf in &leaves {
            self.verify_issuers(leaf).await;
        }
        if size > 0 {
            let computed = sigstead_merkle::root_of(&Leaves(hashes), size).unwrap();
            assert_eq!(computed.as_bytes().as_slice(), root);
        }
        leaves
    }

    /// The checkpoint, checked by the text of static-ct-api alone.
    async fn verify_checkpoint(&self) -> (u64, Vec<u8>) {
        let text = self.get("/checkpoint").await.text();
        let note = sigstead_note::SignedNote::parse(&text).unwrap();
        let [origin, size, root] = note.text.lines().collect::<Vec<_>>()[..] else {
            panic!("extension lines: {text}");
        };
        let [line] = &note.signatures[..] else {
            panic!("signatures: {text}")
        };
        let name = KeyName::parse(origin).unwrap();
        let key = self.public_key();
        assert_eq!((origin, line.name.as_str()), (ORIGIN, ORIGIN));
        let id = KeyId::hash(&name, 0x05, key.log_id().as_bytes());
        assert_eq!(line.key_id, KeyId::truncate(&id));
        let signature = TreeHeadSignature::parse(&line.signature).unwrap();
        let (size, root) = (size.parse().unwrap(), STANDARD.decode(root).unwrap());
        let head = sigstead_merkle::TreeHead {
            size,
            root: root.as_slice().try_into().unwrap(),
        };
        let input = tree_head_input(&head, signature.timestamp_millis);
        signature.signature.verify(&input, &key).unwrap();
        (size, root)
    }

    async fn verify_issuers(&self, leaf: &TileLeaf) {
        for fingerprint in &leaf.chain {
            let issuer = format!("/issuer/{}", hex::encode(fingerprint));
            let issuer = self.get(&issuer).await;
            assert_eq!(issuer.status, StatusCode::OK);
            assert_eq!(
                sigstead_key::HashAlgorithm::Sha256.digest(&issuer.body),
                fingerprint
            );
        }
    }
}

/// What a log needs beside its configuration: key, roots, and the anchor that says that it has nothing yet.
pub(crate) fn prepare(folder: &Path, authorities: &Authorities) {
    FileAnchor::new(folder.join("anchor")).begin().unwrap();
    write_key(folder, Algorithm::EcdsaP256Sha256);
    fs::write(folder.join("roots.pem"), authorities.root.to_pem()).unwrap();
}

pub(crate) fn write_key(folder: &Path, algorithm: Algorithm) {
    let key = PrivateKey::generate(algorithm).unwrap();
    let path = folder.join("ctlog.key");
    fs::write(&path, key.to_pem().unwrap().as_bytes()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.join("ctlog.pub"), key.public_key().to_pem()).unwrap();
}

pub(crate) fn config(folder: &Path) -> Config {
    Config::new(
        Listeners::for_test(),
        ORIGIN.parse().unwrap(),
        KeyConfig::file(folder.join("ctlog.key"), None),
        folder.join("roots.pem"),
        folder.join("data"),
        folder.join("anchor"),
    )
}

pub(crate) async fn open(folder: &Path, clock: &Arc<TestClock>) -> Router {
    open_as(config(folder), clock).await
}

pub(crate) async fn open_as(config: Config, clock: &Arc<TestClock>) -> Router {
    let service = build(config, clock).await.unwrap();
    service.into_public_router().unwrap()
}

/// Builds the service. A router that was dropped lets go of its log a moment later; then this waits for that.
pub(crate) async fn build(
    config: Config,
    clock: &Arc<TestClock>,
) -> Result<Service, sigstead_ctlog::Error> {
    let build =
        || sigstead_ctlog::build_with_clock(config.clone(), Arc::clone(clock) as Arc<dyn Clock>);
    let started = Instant::now();
    loop {
        match build().await {
            Err(sigstead_ctlog::Error::Log(LogError::Journal(sigstead_journal::Error::Fenced)))
                if started.elapsed() < Duration::from_secs(60) =>
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            built => return built,
        }
    }
}

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

pub(crate) fn submission(chain: &[Vec<u8>]) -> String {
    let chain: Vec<_> = chain.iter().map(|der| STANDARD.encode(der)).collect();
    json!({ "chain": chain }).to_string()
}

/// Reads an answer to a submission.
pub(crate) fn sct(answer: &Value) -> SignedCertificateTimestamp {
    let decode = |name: &str| STANDARD.decode(answer[name].as_str().unwrap()).unwrap();
    assert_eq!(answer["sct_version"], 0);
    assert_eq!(answer.as_object().unwrap().len(), 5);
    SignedCertificateTimestamp::from_parts(
        LogId::from_bytes(decode("id").try_into().unwrap()),
        answer["timestamp"].as_u64().unwrap(),
        decode("extensions"),
        &decode("signature"),
    )
    .unwrap()
}

/// A response, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    async fn read(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

struct Leaves(Vec<LeafHash>);

impl NodeReader for Leaves {
    type Error = std::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Self::Error> {
        match level.checked_sub(1) {
            None => Ok(self.0[index as usize].into()),
            Some(below) => Ok(NodeHash::of_children(
                &self.node(below, 2 * index)?,
                &self.node(below, 2 * index + 1)?,
            )),
        }
    }
}
