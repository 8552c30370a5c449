//! The engine: keys with their versions, and what is done with them.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::key::{Input, Pair};
use super::tokens::Tokens;

/// How a server takes what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Well,
    /// It is sealed, as after a restart until its operators open it.
    Sealed,
    /// It takes calls and never answers.
    Silent,
    /// It signs with a key that nobody knows.
    Wrong,
    /// It signs with the newest version, whatever was asked for.
    Newest,
    /// It answers with a page, as a proxy before it would.
    Page,
    /// It is on standby, and points to another server.
    Standby,
}

/// All that a server has.
pub(super) struct Engine {
    pub(super) manner: Manner,
    pub(super) tokens: Tokens,
    pub(super) calls: BTreeMap<String, u64>,
    keys: BTreeMap<String, Key>,
    wrapping: Option<PrivateDecryptingKey>,
}

struct Key {
    kind: String,
    versions: Vec<Pair>,
    is_imported: bool,
}

impl Engine {
    pub(super) const fn new() -> Self {
        Self {
            manner: Manner::Well,
            tokens: Tokens::new(),
            calls: BTreeMap::new(),
            keys: BTreeMap::new(),
            wrapping: None,
        }
    }

    /// A second key of a name is the first.
    pub(super) fn make_key(&mut self, name: &str, kind: &str) -> Answer {
        if !self.keys.contains_key(name) {
            let Some(pair) = Pair::generate(kind) else {
                return Answer::refused(400, &format!("unknown key type {kind}"));
            };
            self.put(name, kind, pair, false);
        }
        self.read(name)
    }

    pub(super) fn rotate(&mut self, name: &str) {
        let key = self.keys.get_mut(name).unwrap();
        key.versions.push(Pair::generate(&key.kind).unwrap());
    }

    pub(super) fn read(&self, name: &str) -> Answer {
        let Some(key) = self.keys.get(name) else {
            return Answer::absent();
        };
        let mut versions = Map::new();
        for (position, pair) in key.versions.iter().enumerate() {
            let shown = match pair.public() {
                Some(public) => json!({
                    "creation_time": "2026-11-30T10:00:00.000000000Z",
                    "name": key.kind,
                    "public_key": public,
                }),
                None => json!(1_764_496_800),
            };
            versions.insert((position + 1).to_string(), shown);
        }
        let signs = !matches!(key.versions.first(), Some(Pair::Aes));
        Answer::Data(json!({
            "name": name,
            "type": key.kind,
            "derived": false,
            "deletion_allowed": false,
            "exportable": false,
            "allow_plaintext_backup": false,
            "imported_key": key.is_imported,
            "latest_version": key.versions.len(),
            "min_available_version": 0,
            "min_decryption_version": 1,
            "min_encryption_version": 0,
            "supports_signing": signs,
            "keys": versions,
        }))
    }

    pub(super) fn sign(&self, name: &str, asked: &Value) -> Answer {
        let Some(key) = self.keys.get(name) else {
            return Answer::refused(400, "signing key not found");
        };
        let text = |field: &str| asked[field].as_str().unwrap_or_default();
        if !matches!(text("marshaling_algorithm"), "" | "asn1") {
            return Answer::refused(400, "invalid marshaling type");
        }
        let newest = key.versions.len() as u64;
        let mut version = match asked["key_version"].as_u64().unwrap_or_default() {
            0 => newest,
            version => version,
        };
        if version > newest {
            let why = "requested version for signing is higher than the latest key version";
            return Answer::refused(400, why);
        }
        if self.manner == Manner::Newest {
            version = newest;
        }
        let Ok(octets) = STANDARD.decode(text("input")) else {
            return Answer::refused(400, "unable to decode input as base64");
        };
        let input = match asked["prehashed"].as_bool() {
            Some(true) => Input::Digest(&octets),
            _ => Input::Message(&octets),
        };
        let other = (self.manner == Manner::Wrong).then(|| Pair::generate(&key.kind).unwrap());
        let pair = other
            .as_ref()
            .unwrap_or(&key.versions[version as usize - 1]);
        // What this has not: the hashing of messages, PSS, and Ed25519 with a context.
        let is_rsa = matches!(pair, Pair::Rsa(_));
        if is_rsa && text("signature_algorithm") != "pkcs1v15" {
            return Answer::refused(400, "the emulation has PKCS #1 v1.5 alone");
        }
        match pair.sign(text("hash_algorithm"), &input) {
            Some(signature) => Answer::Data(json!({
                "signature": format!("vault:v{version}:{}", STANDARD.encode(signature)),
                "key_version": version,
            })),
            None => {
                let why = format!("key type {} does not support signing", key.kind);
                Answer::refused(400, &why)
            }
        }
    }

    /// The public half of the key that keys from outside are encrypted to.
    pub(super) fn wrapping_key(&mut self) -> Answer {
        let public = self.wrapping().public_key();
        let spki: PublicKeyX509Der<'_> = AsDer::as_der(&public).unwrap();
        let text = STANDARD.encode(spki.as_ref());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
        Answer::Data(json!({"public_key": pem}))
    }

    pub(super) fn import(&mut self, name: &str, asked: &Value) -> Answer {
        if self.keys.contains_key(name) {
            let why = "the import path cannot be used with an existing key; use import-version \
                       to rotate an existing imported key";
            return Answer::refused(500, why);
        }
        let text = |field: &str| asked[field].as_str().unwrap_or_default();
        if text("hash_function") != "SHA256" {
            return Answer::refused(400, "the emulation has SHA256 alone");
        }
        let Some(pkcs8) = self.unwrapped(text("ciphertext")) else {
            return Answer::refused(500, "error unwrapping the imported key");
        };
        let Some(pair) = Pair::from_pkcs8(text("type"), &pkcs8) else {
            return Answer::refused(500, "error parsing asymmetric key");
        };
        self.put(name, text("type"), pair, true);
        Answer::Done
    }

    fn unwrapped(&mut self, ciphertext: &str) -> Option<Vec<u8>> {
        let octets = STANDARD.decode(ciphertext).ok()?;
        let (head, tail) = octets.split_at_checked(WRAPPED_KEY)?;
        let opener = OaepPrivateDecryptingKey::new(self.wrapping().clone()).ok()?;
        let mut once = vec![0; opener.min_output_size()];
        let once = opener
            .decrypt(&OAEP_SHA256_MGF1SHA256, head, &mut once, None)
            .ok()?;
        let mut pkcs8 = vec![0; tail.len()];
        let key = AesKek::new(&AES_256, once).ok()?;
        let length = key.unwrap_with_padding(tail, &mut pkcs8).ok()?.len();
        pkcs8.truncate(length);
        Some(pkcs8)
    }

    /// Made when it is asked for first, which takes a second or two.
    fn wrapping(&mut self) -> &PrivateDecryptingKey {
        self.wrapping
            .get_or_insert_with(|| PrivateDecryptingKey::generate(KeySize::Rsa4096).unwrap())
    }

    fn put(&mut self, name: &str, kind: &str, pair: Pair, is_imported: bool) {
        let key = Key {
            kind: kind.to_owned(),
            versions: vec![pair],
            is_imported,
        };
        self.keys.insert(name.to_owned(), key);
    }
}

/// RSA with 4096 bits.
const WRAPPED_KEY: usize = 512;
