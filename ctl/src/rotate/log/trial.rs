//! The next log, tried before anybody is told of it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use reqwest::header::HOST;
use serde_json::json;
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_signer::Signer;
use sigstead_trust_root::{TrustState, TrustedRoot};
use sigstead_verify::json::{
    Bundle as Written, HashOutput, MessageSignature, PublicKeyIdentifier, Rfc3161Timestamp,
    TimestampVerificationData, TransparencyLogEntry, VerificationMaterial,
};
use sigstead_verify::{Artifact, Bundle, Policy, Thresholds, Verifier};

use super::part::{Interface, NextLog};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::{http, timestamp};

/// Refuses a log whose entries clients would not accept, or a draft under which they would refuse those that they accept now.
///
/// 1. What is logged in the log of now verifies under the draft.
/// 2. So does what is logged in the next one. The entry stays there: a log with this key has one history.
pub(super) async fn run<I: Interface>(
    instance: &Instance,
    role: &NextLog<I>,
    draft: &TrustState,
) -> Result<(), Failure> {
    let root = draft.trusted_root();
    let root = root.map_err(|error| refused("the draft", &error))?;
    for log in [&role.old_log, &role.next_log] {
        let trial = Trial::new(instance)?;
        let bundle = trial.sign(log).await?;
        trial
            .check(&bundle, root.clone())
            .map_err(|why| refused(log, &why))?;
        let entry = bundle.verification_material.tlog_entries.first();
        let log_id = entry.and_then(|entry| entry.log_id.as_ref());
        let is_next = log_id.is_some_and(|log_id| log_id.key_id == role.log_id);
        if is_next != (log == &role.next_log) {
            return Err(refused(log, &"another log of the service answered"));
        }
    }
    Ok(())
}

/// One signature, by a key for once.
struct Trial<'a> {
    instance: &'a Instance,
    client: Client,
    key: Arc<dyn Signer>,
}

impl<'a> Trial<'a> {
    fn new(instance: &'a Instance) -> Result<Self, Failure> {
        let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256);
        Ok(Self {
            instance,
            client: http::client_with_host(instance)?,
            key: key.map_err(|error| refused("a key for once", &error))?,
        })
    }

    async fn sign(&self, log: &str) -> Result<Written, Failure> {
        let signature = self.key.sign(MESSAGE).await;
        let signature = signature.map_err(|error| refused("a key for once", &error))?;
        let base = self.instance.manifest.local_url(Service::Tsa);
        let timestamp = timestamp::ask(&self.client, &base, &signature).await?;
        let digest = HashAlgorithm::Sha256.digest(MESSAGE);
        Ok(Written {
            media_type: "application/vnd.dev.sigstore.bundle.v0.3+json".to_owned(),
            verification_material: VerificationMaterial {
                public_key: Some(PublicKeyIdentifier::default()),
                tlog_entries: vec![self.entry(log, &digest, &signature).await?],
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
        log: &str,
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
        let post = self.client.post(&url).header(HOST, log).json(&request);
        http::json("tlog", &url, post.send().await).await
    }

    fn check(&self, bundle: &Written, root: TrustedRoot) -> Result<(), sigstead_verify::Failure> {
        let bundle = Bundle::parse(&bundle.encode())?;
        let policy = Policy::key(self.key.public_key().clone()).with_thresholds(Thresholds {
            timestamps: 1,
            scts: 0,
            ..Thresholds::default()
        });
        let verified = Verifier::new(root).verify(&bundle, Artifact::Bytes(MESSAGE), &policy);
        verified.map(drop)
    }
}

fn refused(what: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-353",
        format!("{what} did not pass the trial; nothing was published"),
        "the cause says what clients would refuse; take the log back: sigctl rotate rekor-v2 undo",
    )
    .because(why)
}

const MESSAGE: &[u8] = b"signed by sigctl rotate\n";
