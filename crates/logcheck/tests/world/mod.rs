//! Writes sound logs in memory, with everything that a ledger and an observer know of them.

use std::collections::BTreeMap;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Signer as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sigstead_logcheck::{
    Ack, Face, Log, LogKey, LoggedEntry, Memory, Observation, Report, Request, Sct, Set,
};
use spki::EncodePublicKey as _;

pub(crate) type Hash = [u8; 32];

/// When the first leaf was logged, in milliseconds.
pub(crate) const START: u64 = 1_700_000_000_000;

/// How many entries the older shards of a Rekor v1 log have.
pub(crate) const FIRST_INDEX: u64 = 1_000;

const ISSUERS: [&[u8]; 2] = [b"the issuer", b"the root"];

pub(crate) enum Key {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl Key {
    pub(crate) fn p256() -> Self {
        Self::P256(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap())
    }

    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[7; 32]))
    }

    pub(crate) fn spki(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.verifying_key().to_public_key_der().unwrap().into_vec(),
            Self::Ed25519(key) => key.verifying_key().to_public_key_der().unwrap().into_vec(),
        }
    }

    pub(crate) fn pem(&self) -> String {
        let encoded = STANDARD.encode(self.spki());
        let lines: Vec<_> = encoded
            .as_bytes()
            .chunks(64)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }

    fn digitally_sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signed = vec![4, 3];
        put_vector(&mut signed, 2, &self.sign(message));
        signed
    }
}

#[derive(Clone)]
pub(crate) enum Leaf {
    Body(Vec<u8>),
    Certificate { index: u64, time: u64, der: Vec<u8> },
}

impl Leaf {
    pub(crate) fn body(text: impl Into<String>) -> Self {
        Self::Body(text.into().into_bytes())
    }

    fn new(face: Face, index: u64) -> Self {
        match face {
            Face::RekorV1 => Self::body(format!(
                r#"{{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{index}}}}}"#
            )),
            Face::RekorV2 => Self::body(format!(
                r#"{{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{index}}}}}}}"#
            )),
            Face::StaticCt => Self::Certificate {
                index,
                time: START + index,
                der: format!("certificate {index}").into_bytes(),
            },
        }
    }

    /// As it stands in its bundle.
    fn framed(&self) -> Vec<u8> {
        let mut framed = Vec::new();
        match self {
            Self::Body(body) => put_vector(&mut framed, 2, body),
            Self::Certificate { index, der, .. } => {
                framed.extend(self.leaf_bytes().split_off(2));
                if is_precertificate(*index) {
                    put_vector(&mut framed, 3, der);
                }
                let fingerprints: Vec<_> =
                    ISSUERS.iter().flat_map(|issuer| sha256(issuer)).collect();
                put_vector(&mut framed, 2, &fingerprints);
            }
        }
        framed
    }

    /// What is hashed.
    pub(crate) fn leaf_bytes(&self) -> Vec<u8> {
        match self {
            Self::Body(body) => body.clone(),
            Self::Certificate { index, time, der } => {
                let mut bytes = vec![0, 0];
                bytes.extend(time.to_be_bytes());
                bytes.extend([0, u8::from(is_precertificate(*index))]);
                if is_precertificate(*index) {
                    bytes.extend([9; 32]);
                }
                put_vector(&mut bytes, 3, der);
                put_vector(&mut bytes, 2, &extensions(*index));
                bytes
            }
        }
    }

    pub(crate) fn hash(&self) -> Hash {
        sha256(&[&[0], self.leaf_bytes().as_slice()].concat())
    }
}

fn is_precertificate(index: u64) -> bool {
    index % 2 == 1
}

pub(crate) fn extensions(index: u64) -> Vec<u8> {
    let mut extensions = vec![0, 0, 5];
    extensions.extend(&index.to_be_bytes()[3..]);
    extensions
}

/// A log, and what was seen of it.
pub(crate) struct World {
    pub(crate) face: Face,
    pub(crate) key: Key,
    pub(crate) origin: String,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) source: Memory,
    pub(crate) ledger: Vec<Ack>,
    pub(crate) observed: Vec<Observation>,
    pub(crate) previous: Option<String>,
}

impl World {
    /// A sound log with acknowledgements and observations.
    pub(crate) fn new(face: Face, size: u64) -> Self {
        let key = match face {
            Face::RekorV2 => Key::ed25519(),
            Face::RekorV1 | Face::StaticCt => Key::p256(),
        };
        Self::with_key(face, size, key)
    }

    pub(crate) fn with_key(face: Face, size: u64, key: Key) -> Self {
        let origin = match face {
            Face::RekorV1 => "rekor.example - 42",
            Face::RekorV2 => "log.example",
            Face::StaticCt => "ct.example/2026",
        };
        let mut world = Self {
            face,
            key,
            origin: origin.to_owned(),
            leaves: (0..size).map(|index| Leaf::new(face, index)).collect(),
            source: Memory::default(),
            ledger: Vec::new(),
            observed: Vec::new(),
            previous: None,
        };
        world.publish();
        for size in [0, size / 2, size] {
            world.observe(size, START + size);
        }
        world.previous = Some(world.checkpoint(size / 3));
        for index in [0, size / 2, size.saturating_sub(1)] {
            if index < size {
                world.acknowledge(index, size);
                world.acknowledge(index, index + 1);
            }
        }
        world
    }

    pub(crate) fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    pub(crate) fn hashes(&self, size: u64) -> Vec<Hash> {
        self.leaves[..size as usize]
            .iter()
            .map(Leaf::hash)
            .collect()
    }

    /// The checkpoint of a size, signed when its last leaf was logged.
    pub(crate) fn checkpoint(&self, size: u64) -> String {
        self.checkpoint_of(size, &root(&self.hashes(size)), START + size)
    }

    pub(crate) fn checkpoint_of(&self, size: u64, root: &Hash, time: u64) -> String {
        let text = format!("{}\n{size}\n{}\n", self.origin, STANDARD.encode(root));
        self.signed(&text, size, root, time)
    }

    pub(crate) fn signed(&self, text: &str, size: u64, root: &Hash, time: u64) -> String {
        let name = self.origin.split(" - ").next().unwrap();
        let id = sha256(&self.key.spki());
        let (id, signature) = match (self.face, &self.key) {
            (Face::StaticCt, _) => {
                let mut head = vec![0, 1];
                head.extend(time.to_be_bytes());
                head.extend(size.to_be_bytes());
                head.extend(root);
                let mut signature = time.to_be_bytes().to_vec();
                signature.extend(self.key.digitally_sign(&head));
                let id = sha256(&[name.as_bytes(), b"\n\x05", &id].concat());
                (id, signature)
            }
            (Face::RekorV2, Key::Ed25519(key)) => {
                let public = key.verifying_key().to_bytes();
                let id = sha256(&[name.as_bytes(), b"\n\x01", &public].concat());
                (id, self.key.sign(text.as_bytes()))
            }
            _ => (id, self.key.sign(text.as_bytes())),
        };
        let encoded = STANDARD.encode([&id[..4], &signature].concat());
        format!("{text}\n— {name} {encoded}\n")
    }

    /// Writes all files anew.
    pub(crate) fn publish(&mut self) {
        let files = &mut self.source.files;
        files.clear();
        let folder = if self.face == Face::StaticCt {
            "data"
        } else {
            "entries"
        };
        for (index, leaves) in self.leaves.chunks(256).enumerate() {
            let bytes = leaves.iter().flat_map(Leaf::framed).collect();
            files.insert(path(folder, index, leaves.len()), bytes);
        }
        let mut level = 0;
        let mut hashes: Vec<_> = self.leaves.iter().map(Leaf::hash).collect();
        while !hashes.is_empty() {
            for (index, tile) in hashes.chunks(256).enumerate() {
                files.insert(path(&level.to_string(), index, tile.len()), tile.concat());
            }
            hashes = hashes.chunks_exact(256).map(root).collect();
            level += 1;
        }
        if self.face == Face::StaticCt {
            for issuer in ISSUERS {
                files.insert(
                    format!("issuer/{}", hex::encode(sha256(issuer))),
                    issuer.to_vec(),
                );
            }
        }
        let checkpoint = self.checkpoint(self.size());
        self.set_checkpoint(checkpoint);
    }

    pub(crate) fn set_checkpoint(&mut self, text: String) {
        self.source
            .files
            .insert("checkpoint".to_owned(), text.into_bytes());
    }

    pub(crate) fn published(&self) -> String {
        String::from_utf8(self.source.files["checkpoint"].clone()).unwrap()
    }

    pub(crate) fn file(&mut self, path: &str) -> &mut Vec<u8> {
        self.source
            .files
            .get_mut(path)
            .unwrap_or_else(|| panic!("no {path}"))
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.source
            .files
            .remove(path)
            .unwrap_or_else(|| panic!("no {path}"));
    }

    pub(crate) fn observe(&mut self, size: u64, time_millis: u64) {
        let root = root(&self.hashes(size));
        let checkpoint = self.checkpoint_of(size, &root, time_millis);
        self.observed.push(Observation {
            time_millis,
            checkpoint,
        });
    }

    /// The answer for a leaf under the checkpoint of a size.
    pub(crate) fn acknowledge(&mut self, index: u64, size: u64) {
        let leaf = &self.leaves[index as usize];
        let encode = |hash: &Hash| match self.face {
            Face::RekorV1 => hex::encode(hash),
            Face::RekorV2 | Face::StaticCt => STANDARD.encode(hash),
        };
        let proof = prove(index as usize, &self.hashes(size));
        let body = (self.face != Face::StaticCt).then(|| STANDARD.encode(leaf.leaf_bytes()));
        self.ledger.push(Ack {
            index,
            leaf_hash: Some(hex::encode(leaf.hash())),
            checkpoint: Some(self.checkpoint(size)),
            proof: Some(proof.iter().map(encode).collect()),
            time_millis: Some(START + size),
            set: (self.face == Face::RekorV1).then(|| self.set(leaf, index, START / 1000)),
            sct: self.sct(leaf),
            body,
        });
    }

    pub(crate) fn set(&self, leaf: &Leaf, index: u64, integrated_time: u64) -> Set {
        let body = STANDARD.encode(leaf.leaf_bytes());
        let log_id = hex::encode(sha256(&self.key.spki()));
        let log_index = FIRST_INDEX + index;
        let message = format!(
            r#"{{"body":"{body}","integratedTime":{integrated_time},"logID":"{log_id}","logIndex":{log_index}}}"#
        );
        Set {
            integrated_time,
            log_index,
            log_id,
            signature: STANDARD.encode(self.key.sign(message.as_bytes())),
        }
    }

    pub(crate) fn sct(&self, leaf: &Leaf) -> Option<Sct> {
        let Leaf::Certificate { index, time, der } = leaf else {
            return None;
        };
        let der = STANDARD.encode(der);
        let entry = if is_precertificate(*index) {
            LoggedEntry::Precertificate {
                issuer_key_hash: hex::encode([9; 32]),
                tbs: der,
            }
        } else {
            LoggedEntry::Certificate { certificate: der }
        };
        Some(Sct {
            timestamp: *time,
            extensions: STANDARD.encode(extensions(*index)),
            signature: STANDARD.encode(self.key.digitally_sign(&leaf.leaf_bytes())),
            id: STANDARD.encode(sha256(&self.key.spki())),
            entry,
        })
    }

    pub(crate) fn check(&self) -> Report {
        let key = LogKey::from_pem(&self.key.pem()).unwrap();
        let first = if self.face == Face::RekorV1 {
            FIRST_INDEX
        } else {
            0
        };
        let log = Log::new(self.face, &self.origin, key).unwrap();
        let request = Request {
            previous: self.previous.clone(),
            ledger: Some(Box::new(Cursor::new(lines(&self.ledger)))),
            observed: Some(Box::new(Cursor::new(lines(&self.observed)))),
            ..Request::new(log.with_first_index(first))
        };
        block_on(sigstead_logcheck::check(&self.source, request)).unwrap()
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.build().unwrap().block_on(future)
}

pub(crate) fn lines<T: Serialize>(values: &[T]) -> String {
    values
        .iter()
        .map(|value| serde_json::to_string(value).unwrap() + "\n")
        .collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left.as_slice(), right.as_slice()].concat())
}

/// RFC 6962 §2.1, with its recursion.
pub(crate) fn root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
            node(&root(left), &root(right))
        }
    }
}

/// RFC 6962 §2.1.1, with its recursion.
fn prove(index: usize, hashes: &[Hash]) -> Vec<Hash> {
    if hashes.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
    let (mut proof, sibling) = if index < left.len() {
        (prove(index, left), root(right))
    } else {
        (prove(index - left.len(), right), root(left))
    };
    proof.push(sibling);
    proof
}

/// C2SP tlog-tiles, for less than a million tiles.
pub(crate) fn path(folder: &str, index: usize, width: usize) -> String {
    let number = match index {
        0..1000 => format!("{index:03}"),
        _ => format!("x{:03}/{:03}", index / 1000, index % 1000),
    };
    let partial = if width == 256 {
        String::new()
    } else {
        format!(".p/{width}")
    };
    format!("tile/{folder}/{number}{partial}")
}

pub(crate) fn put_vector(out: &mut Vec<u8>, width: usize, bytes: &[u8]) {
    out.extend(&(bytes.len() as u64).to_be_bytes()[8 - width..]);
    out.extend(bytes);
}

/// The files of a log, as they are served.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;
