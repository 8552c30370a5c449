//! What programs ask the services for.

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, StatusCode};
use serde_json::json;
use sigstead_integration::Instance;
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_signer::Signer;
use sigstead_tsp::TimeStampReq;

/// A program with a key of its own.
pub(crate) struct Program {
    http: Client,
    key: std::sync::Arc<dyn Signer>,
    tlog: String,
    tsa: String,
    ca: String,
    oidc: String,
    tuf: String,
}

/// What it asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request {
    /// An entry in the shard of Rekor v1 of then.
    Entry,
    Timestamp,
    TrustBundle,
    KeySet,
    TrustRoot,
}

impl Request {
    pub(crate) const ALL: [Self; 5] = [
        Self::Entry,
        Self::Timestamp,
        Self::TrustBundle,
        Self::KeySet,
        Self::TrustRoot,
    ];
}

impl Program {
    pub(crate) fn of(instance: &Instance) -> Result<Self> {
        Ok(Self {
            http: Client::new(),
            key: sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256)?,
            tlog: instance.url("tlog"),
            tsa: instance.url("tsa"),
            ca: instance.url("ca"),
            oidc: instance.url("oidc"),
            tuf: instance.url("tuf"),
        })
    }

    /// Asks, and refuses an answer that is none.
    pub(crate) async fn ask(&self, request: Request) -> Result<()> {
        match request {
            Request::Entry => self.log().await,
            Request::Timestamp => self.stamp().await,
            Request::TrustBundle => self.read(&format!("{}/api/v2/trustBundle", self.ca)).await,
            Request::KeySet => self.read(&format!("{}/keys", self.oidc)).await,
            Request::TrustRoot => self.read(&format!("{}/timestamp.json", self.tuf)).await,
        }
    }

    async fn read(&self, url: &str) -> Result<()> {
        let answer = self.http.get(url).send().await?;
        expect(answer.status(), StatusCode::OK)?;
        ensure!(!answer.bytes().await?.is_empty(), "it is empty");
        Ok(())
    }

    async fn stamp(&self) -> Result<()> {
        let digest = HashAlgorithm::Sha256.digest(&random()?);
        let request = TimeStampReq::new(HashAlgorithm::Sha256, &digest)?;
        let url = format!("{}/api/v1/timestamp", self.tsa);
        let post = self.http.post(url).body(request.to_der()?);
        let post = post.header("content-type", "application/timestamp-query");
        let answer = post.send().await?;
        expect(answer.status(), StatusCode::OK)?;
        sigstead_tsp::TimestampToken::from_response(&answer.bytes().await?)?;
        Ok(())
    }

    async fn log(&self) -> Result<()> {
        let message = random()?;
        let digest = HashAlgorithm::Sha256.digest(&message);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = STANDARD.encode(self.key.sign(&message).await?);
        let pem = STANDARD.encode(self.key.public_key().to_pem());
        let entry = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": digest}},
            "signature": {"content": signature, "publicKey": {"content": pem}},
        }});
        let url = format!("{}/api/v1/log/entries", self.tlog);
        let answer = self.http.post(url).json(&entry).send().await?;
        expect(answer.status(), StatusCode::CREATED)
    }
}

fn expect(found: StatusCode, expected: StatusCode) -> Result<()> {
    ensure!(found == expected, "it answers with {found}");
    Ok(())
}

/// Nobody had it stamped or logged before.
fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(bytes)
}
