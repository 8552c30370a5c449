//! A log in a folder of its own, reached in process.

use std::fs::{self, Permissions};
use std::num::NonZeroU64;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sigstead_checkpoint::{Origin, SignedCheckpoint};
use sigstead_config::tlog::{Config, LogConfig};
use sigstead_key::{Algorithm, PublicKey};
use sigstead_kit::{Listeners, Service};
use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex, NodeHash, NodeReader, RootHash};
use sigstead_note::VerifierKey;
use sigstead_proto::admin::v1::tlog_admin_client::TlogAdminClient;
use sigstead_sequencer::FileAnchor;
use sigstead_signer::{KeyConfig, PrivateKey};
use sigstead_tiles::EntryBundle;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const ORIGIN: &str = "log2026-1.rekor.example.com";
pub(crate) const V1_HOST: &str = "rekor.example.com";
pub(crate) const OTHER_ORIGIN: &str = "log2027-1.rekor.example.com";

/// The face for administrators, in process.
pub(crate) type Admin = TlogAdminClient<Router>;

/// The service, built on real files.
pub(crate) struct TestTlog {
    pub(crate) folder: TempDir,
    pub(crate) router: Router,
}

impl TestTlog {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_log(folder.path(), ORIGIN);
        let router = service(folder.path(), &[ORIGIN]).await;
        let router = router.into_public_router().unwrap();
        Self { folder, router }
    }

    pub(crate) async fn with_two_logs() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_log(folder.path(), ORIGIN);
        make_log(folder.path(), OTHER_ORIGIN);
        let router = service(folder.path(), &[ORIGIN, OTHER_ORIGIN]).await;
        let router = router.into_public_router().unwrap();
        Self { folder, router }
    }

    /// With a log of Rekor v1 and no other.
    pub(crate) async fn of_rekor_v1() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shard = v1_shard(folder.path(), 1);
        Self::of(folder, vec![shard]).await.0
    }

    /// With these logs, and the face for administrators, who can open more.
    pub(crate) async fn of(folder: TempDir, logs: Vec<LogConfig>) -> (Self, Admin) {
        let mut config = Config::new(Listeners::for_test(), logs);
        config.opened_logs = Some(folder.path().join("logs.d"));
        let service = sigstead_tlog::build(config).await.unwrap();
        let (router, admin) = service.into_routers().unwrap();
        (Self { folder, router }, TlogAdminClient::new(admin))
    }

    pub(crate) async fn post_v1(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) fn verifier_key(&self, origin: &str) -> VerifierKey {
        let pem = fs::read_to_string(self.folder.path().join(format!("{origin}.pub"))).unwrap();
        let public_key = PublicKey::from_pem(&pem).unwrap();
        VerifierKey::new(origin.parse().unwrap(), public_key)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn post(&self, body: impl Into<Body>) -> Answer {
        self.send(post("localhost:3000", body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_of("localhost:3000", path).await
    }

    pub(crate) async fn get_of(&self, host: &str, path: &str) -> Answer {
        let request = Request::get(path).header("host", host);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Logs an entry that must be taken, and gives the answer after checking its proof.
    pub(crate) async fn append(&self, request: &Value) -> Value {
        let answer = self.post(request.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let entry = answer.json();
        self.verify_entry(ORIGIN, &entry);
        entry
    }

    /// Checks an answer as a client does: the checkpoint is signed, and the proof leads to it.
    pub(crate) fn verify_entry(&self, origin: &str, entry: &Value) {
        let key = self.verifier_key(origin);
        let proof = &entry["inclusionProof"];
        let note = proof["checkpoint"]["envelope"].as_str().unwrap();
        let signed = SignedCheckpoint::parse(note).unwrap();
        signed
            .verify(&Origin::parse(origin).unwrap(), &key)
            .unwrap();
        let hashes = proof["hashes"].as_array().unwrap().iter();
        let inclusion = InclusionProof {
            leaf_index: LeafIndex::new(number(&entry["logIndex"])),
            tree_size: number(&proof["treeSize"]),
            hashes: hashes.map(|hash| node(&decode(hash))).collect(),
        };
        let root = RootHash::try_from(decode(&proof["rootHash"]).as_slice()).unwrap();
        let leaf = LeafHash::of(&decode(&entry["canonicalizedBody"]));
        inclusion.verify(&leaf, &root).unwrap();
        assert_eq!(signed.checkpoint.head.root, root);
        assert_eq!(signed.checkpoint.head.size, inclusion.tree_size);
        assert_eq!(proof["logIndex"], entry["logIndex"]);
        assert_eq!(decode(&entry["logId"]["keyId"]), key.full_id());
    }

    /// Reads the whole log from its first bundle and tile, and checks it against its checkpoint.
    pub(crate) async fn verify_log(&self) {
        let note = self.get_of(ORIGIN, "/checkpoint").await;
        let signed = SignedCheckpoint::parse(&note.text()).unwrap();
        let origin = Origin::parse(ORIGIN).unwrap();
        signed.verify(&origin, &self.verifier_key(ORIGIN)).unwrap();
        let head = signed.checkpoint.head;
        let mut leaves = Vec::new();
        for index in 0..head.size.div_ceil(256) {
            let width = (head.size - index * 256).min(256) as u16;
            let partial = if width < 256 {
                format!(".p/{width}")
            } else {
                String::new()
            };
            let bundle = self
                .get_of(ORIGIN, &format!("/tile/entries/{index:03}{partial}"))
                .await;
            let bundle = EntryBundle::parse(&bundle.body, width).unwrap();
            let hashes: Vec<_> = bundle
                .entries()
                .iter()
                .map(|entry| LeafHash::of(entry))
                .collect();
            let tile = format!("/tile/0/{index:03}{partial}");
            let tile = self.get_of(ORIGIN, &tile).await;
            let expected: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            assert_eq!(tile.body, expected);
            leaves.extend(hashes);
        }
        assert_eq!(
            sigstead_merkle::root_of(&Leaves(leaves), head.size),
            Ok(head.root)
        );
    }
}

/// The service on a folder that has the keys of the given logs.
pub(crate) async fn service(folder: &Path, origins: &[&str]) -> Service {
    sigstead_tlog::build(config(folder, origins)).await.unwrap()
}

/// Logs that begin empty, so that what a test writes has the indexes from 0 on.
pub(crate) fn config(folder: &Path, origins: &[&str]) -> Config {
    let logs = origins.iter().map(|origin| {
        empty(LogConfig::rekor_v2(
            origin.parse().unwrap(),
            KeyConfig::file(folder.join(format!("{origin}.key")), None),
            folder.join(origin),
            folder.join(format!("{origin}.anchor")),
        ))
    });
    Config::new(Listeners::for_test(), logs.collect())
}

/// A shard of Rekor v1 with a key of its own. It begins empty unless it is opened later, from a description.
pub(crate) fn v1_shard(folder: &Path, tree_id: u64) -> LogConfig {
    let name = format!("shard-{tree_id}");
    make_log(folder, &name);
    let key = KeyConfig::file(folder.join(format!("{name}.key")), None);
    empty(LogConfig::rekor_v1(
        V1_HOST.parse().unwrap(),
        NonZeroU64::new(tree_id).unwrap(),
        key,
        folder.join(&name),
        folder.join(format!("{name}.anchor")),
    ))
}

fn empty(mut log: LogConfig) -> LogConfig {
    log.begins_empty = true;
    log
}

/// Logs as a process has them, which make their first entries themselves.
pub(crate) fn as_served(mut logs: Vec<LogConfig>) -> Vec<LogConfig> {
    for log in &mut logs {
        log.begins_empty = false;
    }
    logs
}

/// Makes a log: its key, and the anchor that says that it has nothing yet.
pub(crate) fn make_log(folder: &Path, origin: &str) {
    write_key(folder, origin);
    let mut anchor = FileAnchor::new(folder.join(format!("{origin}.anchor")));
    anchor.begin().unwrap();
}

/// The key of a log that is made when it is opened.
pub(crate) fn write_key(folder: &Path, origin: &str) {
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let path = folder.join(format!("{origin}.key"));
    fs::write(&path, key.to_pem().unwrap().as_bytes()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let public = key.public_key().to_pem();
    fs::write(folder.join(format!("{origin}.pub")), public).unwrap();
}

pub(crate) fn post(host: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post("/api/v2/log/entries")
        .header("host", host)
        .body(body.into())
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
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
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

/// A request over a fresh key and a message.
pub(crate) async fn request(message: &[u8]) -> Value {
    let signed = Signed::new(Algorithm::EcdsaP256Sha256, message).await;
    signed.request(message)
}

/// A signature by a fresh key, in base64.
pub(crate) struct Signed {
    pub(crate) signature: String,
    pub(crate) public_key: String,
    pub(crate) algorithm: Algorithm,
}

impl Signed {
    pub(crate) async fn new(algorithm: Algorithm, message: &[u8]) -> Self {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        Self {
            signature: STANDARD.encode(signer.sign(message).await.unwrap()),
            public_key: STANDARD.encode(signer.public_key().spki_der()),
            algorithm,
        }
    }

    pub(crate) fn request(&self, message: &[u8]) -> Value {
        json!({"hashedRekordRequestV002": {
            "digest": STANDARD.encode(self.algorithm.hash().digest(message)),
            "signature": {"content": self.signature, "verifier": self.verifier()},
        }})
    }

    pub(crate) fn verifier(&self) -> Value {
        json!({
            "publicKey": {"rawBytes": self.public_key},
            "keyDetails": self.algorithm.key_details(),
        })
    }
}

pub(crate) fn decode(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

// 64-bit numbers are text in the JSON of protobuf, and strict clients take nothing else.
pub(crate) fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn node(bytes: &[u8]) -> NodeHash {
    NodeHash::try_from(bytes).unwrap()
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
