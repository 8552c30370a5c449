//! An issuer of tokens, and its documents in memory.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigstead_identity::{DocumentRequest, Fetch, FetchError};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;

use super::{EMAIL, ISSUER, now};

/// An issuer of tokens.
pub struct TestIssuer(Arc<dyn Signer>);

impl TestIssuer {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        Self(sigstead_signer::ephemeral(algorithm).unwrap())
    }

    pub fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": "sigstore", "sub": "user-1", "iat": now().unix_timestamp(),
            "exp": now().unix_timestamp() + 60, "email": EMAIL, "email_verified": true,
        })
    }

    pub async fn token(&self) -> String {
        self.token_of(&Self::claims()).await
    }

    pub async fn token_with(&self, claim: &str, value: Value) -> String {
        let mut claims = Self::claims();
        claims[claim] = value;
        self.token_of(&claims).await
    }

    pub async fn token_of(&self, claims: &Value) -> String {
        self.token_of_key("k", claims).await
    }

    /// A token that says that key `key_id` signed it.
    pub async fn token_of_key(&self, key_id: &str, claims: &Value) -> String {
        let name = self.algorithm_name();
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": name, "kid": key_id}).to_string());
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = self.0.sign(input.as_bytes()).await.unwrap();
        if name == "ES256" {
            signature = fixed_p256(&signature);
        }
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn algorithm_name(&self) -> &'static str {
        match self.0.algorithm() {
            Algorithm::EcdsaP256Sha256 => "ES256",
            _ => "EdDSA",
        }
    }

    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        if let Some(x) = self.0.public_key().raw_ed25519() {
            return json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": encode(&x)});
        }
        // The point, uncompressed, is the end of the key.
        let (rest, y) = self
            .0
            .public_key()
            .spki_der()
            .split_last_chunk::<32>()
            .unwrap();
        let (_, x) = rest.split_last_chunk::<32>().unwrap();
        json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": encode(x), "y": encode(y)})
    }

    pub(super) fn fetch(&self, is_up: bool) -> Arc<MemoryFetch> {
        let name = self.algorithm_name();
        let discovery = json!({
            "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys"),
            "id_token_signing_alg_values_supported": [name],
        });
        let keys = json!({"keys": [self.jwk()]});
        let documents = [
            ("/.well-known/openid-configuration", discovery),
            ("/keys", keys),
        ];
        let documents = documents.into_iter().filter(|_| is_up);
        Arc::new(MemoryFetch(
            documents
                .map(|(path, json)| (format!("{ISSUER}{path}"), json))
                .collect(),
        ))
    }
}

/// As JSON Web Signatures have it (RFC 7518 §3.4): both numbers in 32 bytes each.
fn fixed_p256(der: &[u8]) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut fixed = Vec::new();
    for _ in 0..2 {
        let (number, behind) = rest[2..].split_at(usize::from(rest[1]));
        let from = number.len().saturating_sub(32);
        fixed.resize(fixed.len() + 32 - (number.len() - from), 0);
        fixed.extend_from_slice(&number[from..]);
        rest = behind;
    }
    fixed
}

pub(super) struct MemoryFetch(HashMap<String, Value>);

#[async_trait]
impl Fetch for MemoryFetch {
    async fn fetch(&self, request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        let url = request.url;
        let found = self
            .0
            .get(url.as_str())
            .map(|document| document.to_string().into_bytes());
        found.ok_or_else(|| FetchError::Status {
            url: url.to_string(),
            status: 404,
        })
    }
}
