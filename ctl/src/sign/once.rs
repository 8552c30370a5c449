//! A signature by a key that is used once, for which nobody vouches.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use reqwest::header::HOST;
use serde_json::json;
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};
use sigstead_signer::Signer;
use sigstead_verify::json::{
    Bundle, HashOutput, MessageSignature, PublicKeyIdentifier, Rfc3161Timestamp,
    TimestampVerificationData, TransparencyLogEntry, VerificationMaterial,
};

use super::holder::key_failed;
use super::rekor_v1::{self, Logged};
use super::signed::MEDIA_TYPE;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::{http, timestamp};

/// A key for once, and the services.
pub(crate) struct Once<'a> {
    instance: &'a Instance,
    client: Client,
    key: Arc<dyn Signer>,
}

impl<'a> Once<'a> {
    pub(crate) fn new(instance: &'a Instance) -> Result<Self, Failure> {
        let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256);
        Ok(Self {
            instance,
            client: http::client_with_host(instance)?,
            key: key.map_err(|error| key_failed(&error))?,
        })
    }

    /// What a verifier must have, for a bundle with a key names nobody.
    pub(crate) fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// A bundle whose signature is timestamped, and logged in the log of Rekor v2 that has the name `log`, or else in the one
    /// that takes entries.
    pub(crate) async fn sign(&self, artifact: &[u8], log: Option<&str>) -> Result<Bundle, Failure> {
        let (signature, digest) = self.signature(artifact).await?;
        let entry = self.entry(log, &digest, &signature).await?;
        self.bundle(signature, digest, entry).await
    }

    /// The same, logged in the shard of Rekor v1 that takes entries.
    pub(crate) async fn sign_v1(&self, artifact: &[u8]) -> Result<Bundle, Failure> {
        let (signature, digest) = self.signature(artifact).await?;
        let base = self.instance.manifest.local_url(Service::Tlog);
        let logged = Logged {
            digest: &digest,
            signature: &signature,
            verifier: &self.key.public_key().to_pem(),
        };
        let entry = rekor_v1::log(&self.client, &base, logged).await?;
        self.bundle(signature, digest, entry).await
    }

    async fn signature(&self, artifact: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Failure> {
        let signature = self.key.sign(artifact).await;
        let signature = signature.map_err(|error| key_failed(&error))?;
        Ok((signature, HashAlgorithm::Sha256.digest(artifact)))
    }

    async fn bundle(
        &self,
        signature: Vec<u8>,
        digest: Vec<u8>,
        entry: TransparencyLogEntry,
    ) -> Result<Bundle, Failure> {
        let base = self.instance.manifest.local_url(Service::Tsa);
        let timestamp = timestamp::ask(&self.client, &base, &signature).await?;
        Ok(Bundle {
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: VerificationMaterial {
                public_key: Some(PublicKeyIdentifier::default()),
                tlog_entries: vec![entry],
                timestamp_verification_data: Some(TimestampVerificationData {
                    rfc3161_timestamps: vec![Rfc3161Timestamp {
                        signed_timestamp: timestamp.into(),
                    }],
                }),
                ..VerificationMaterial::default()
            },
            message_signature: Some(MessageSignature {
                message_digest: Some(HashOutput {
                    algorithm: HashAlgorithm::Sha256.name().to_owned(),
                    digest: digest.into(),
                }),
                signature: signature.into(),
            }),
            dsse_envelope: None,
        })
    }

    async fn entry(
        &self,
        log: Option<&str>,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<TransparencyLogEntry, Failure> {
        let key = self.key.public_key().spki_der();
        let request = json!({"hashedRekordRequestV002": {
            "digest": STANDARD.encode(digest),
            "signature": {
                "content": STANDARD.encode(signature),
                "verifier": {
                    "publicKey": {"rawBytes": STANDARD.encode(key)},
                    "keyDetails": self.key.algorithm().key_details(),
                },
            },
        }});
        let base = self.instance.manifest.local_url(Service::Tlog);
        let url = format!("{base}/api/v2/log/entries");
        let mut post = self.client.post(&url).json(&request);
        if let Some(log) = log {
            post = post.header(HOST, log);
        }
        http::json("tlog", &url, post.send().await).await
    }
}
