//! A test issuer: keys, documents and signed tokens, without a network.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::fetch::{DocumentRequest, Fetch, FetchError};

pub(crate) const ISSUER: &str = "https://issuer.example.com";

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

pub(crate) enum TestKey {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    P521(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl TestKey {
    pub(crate) fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    pub(crate) fn p256() -> Self {
        Self::P256(Box::new(
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        ))
    }

    pub(crate) fn p521() -> Self {
        Self::P521(Box::new(
            EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).unwrap(),
        ))
    }

    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(Box::new(Ed25519KeyPair::generate().unwrap()))
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::P521(_) => "ES512",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                let modulus = key
                    .public_key()
                    .modulus()
                    .big_endian_without_leading_zero()
                    .to_vec();
                json!({"kty": "RSA", "kid": kid, "use": "sig", "n": encode(&modulus), "e": "AQAB"})
            }
            Self::P256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": encode(x), "y": encode(y)})
            }
            Self::P521(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(66);
                json!({"kty": "EC", "crv": "P-521", "kid": kid, "x": encode(x), "y": encode(y)})
            }
            Self::Ed25519(key) => {
                let x = encode(key.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x})
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Self::P256(key) | Self::P521(key) => {
                key.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    pub(crate) fn token(&self, kid: &str, claims: &Value) -> String {
        self.token_with_header(&json!({"alg": self.algorithm(), "kid": kid}), claims)
    }

    pub(crate) fn token_with_header(&self, header: &Value, claims: &Value) -> String {
        let input = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let signature = encode(self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Documents by URL, and how often each was asked for.
#[derive(Default)]
pub(crate) struct MemoryFetch {
    documents: Mutex<HashMap<String, Vec<u8>>>,
    fetches: Mutex<Vec<String>>,
    /// URLs that begin so are never answered.
    hanging: Mutex<Option<String>>,
    running: AtomicUsize,
}

/// A fetch that has not ended.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl MemoryFetch {
    pub(crate) fn serving(issuer: &str, keys: &[Value]) -> Arc<Self> {
        let fetch = Arc::new(Self::default());
        fetch.serve_issuer(issuer, keys);
        fetch
    }

    pub(crate) fn serve_issuer(&self, issuer: &str, keys: &[Value]) {
        let discovery = json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/keys"),
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        });
        self.serve(
            &format!("{issuer}/.well-known/openid-configuration"),
            &discovery,
        );
        self.serve(&format!("{issuer}/keys"), &json!({ "keys": keys }));
    }

    pub(crate) fn serve(&self, url: &str, document: &Value) {
        self.documents
            .lock()
            .unwrap()
            .insert(url.to_owned(), document.to_string().into_bytes());
    }

    pub(crate) fn go_down(&self) {
        self.documents.lock().unwrap().clear();
    }

    /// Answers nothing any more.
    pub(crate) fn hang(&self) {
        self.hang_at("");
    }

    pub(crate) fn hang_at(&self, issuer: &str) {
        *self.hanging.lock().unwrap() = Some(issuer.to_owned());
    }

    /// How many fetches run.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    /// Lets others run until so many fetches were begun and none runs.
    pub(crate) async fn ended(&self, fetches: usize) {
        while self.fetches() < fetches || self.running() > 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
    }

    pub(crate) fn key_fetches(&self) -> usize {
        self.fetches
            .lock()
            .unwrap()
            .iter()
            .filter(|url| url.ends_with("/keys"))
            .count()
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches.lock().unwrap().len()
    }
}

#[async_trait]
impl Fetch for MemoryFetch {
    async fn fetch(&self, request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        let url = request.url;
        self.fetches.lock().unwrap().push(url.to_string());
        self.running.fetch_add(1, Ordering::SeqCst);
        let _running = Running(&self.running);
        let hanging = self.hanging.lock().unwrap().clone();
        if hanging.is_some_and(|begin| url.as_str().starts_with(&begin)) {
            std::future::pending::<()>().await;
        }
        let found = self.documents.lock().unwrap().get(url.as_str()).cloned();
        found.ok_or_else(|| FetchError::Status {
            url: url.to_string(),
            status: 404,
        })
    }
}
