//! A signature, and the bundle that it becomes.

use reqwest::Client;
use serde_json::json;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstead_key::HashAlgorithm;
use sigstead_verify::json::{
    Bundle, HashOutput, MessageSignature, RawCertificate, Rfc3161Timestamp,
    TimestampVerificationData, TransparencyLogEntry, VerificationMaterial,
};
use sigstead_x509::Certificate;

use super::holder::{Holder, key_failed};
use super::rekor_v1::{self, Logged};
use crate::failure::Failure;
use crate::http;

/// A signature over an artifact.
pub(crate) struct Signed {
    digest: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Holder {
    /// Signs an artifact.
    pub(crate) async fn sign(&self, artifact: &[u8]) -> Result<Signed, Failure> {
        let signature = self.key.sign(artifact).await;
        Ok(Signed {
            digest: HashAlgorithm::Sha256.digest(artifact),
            signature: signature.map_err(|error| key_failed(&error))?,
        })
    }

    /// Has a signature logged in the log of Rekor v2 that is reached at `base`.
    pub(crate) async fn log(
        &self,
        client: &Client,
        base: &str,
        certificate: &Certificate,
        signed: &Signed,
    ) -> Result<TransparencyLogEntry, Failure> {
        let request = json!({"hashedRekordRequestV002": {
            "digest": STANDARD.encode(&signed.digest),
            "signature": {
                "content": STANDARD.encode(&signed.signature),
                "verifier": {
                    "x509Certificate": {"rawBytes": STANDARD.encode(certificate.to_der())},
                    "keyDetails": self.key.algorithm().key_details(),
                },
            },
        }});
        let url = format!("{base}/api/v2/log/entries");
        let answer = client.post(&url).json(&request).send().await;
        http::json("tlog", &url, answer).await
    }
}

impl Signed {
    /// Has it logged in the shard of Rekor v1 that takes entries, of the service that is reached at `base`.
    pub(crate) async fn log_v1(
        &self,
        client: &Client,
        base: &str,
        certificate: &Certificate,
    ) -> Result<TransparencyLogEntry, Failure> {
        let logged = Logged {
            digest: &self.digest,
            signature: &self.signature,
            verifier: &certificate.to_pem(),
        };
        rekor_v1::log(client, base, logged).await
    }

    /// The bundle: signature, certificate, entry, and the response (RFC 3161) over the signature's bytes, by which the
    /// signature existed and not only the artifact.
    pub(crate) fn bundle(
        self,
        certificate: &Certificate,
        timestamp: Vec<u8>,
        entry: TransparencyLogEntry,
    ) -> Bundle {
        Bundle {
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: VerificationMaterial {
                certificate: Some(RawCertificate {
                    raw_bytes: certificate.to_der().into(),
                }),
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
                    digest: self.digest.into(),
                }),
                signature: self.signature.into(),
            }),
            dsse_envelope: None,
        }
    }
}

pub(super) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
