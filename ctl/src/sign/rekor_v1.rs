//! An entry of Rekor v1, as a bundle has it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use serde::Deserialize;
use serde_json::json;
use sigstead_verify::json::{
    Checkpoint, InclusionPromise, InclusionProof, KindVersion, LogId, TransparencyLogEntry,
};

use crate::failure::Failure;
use crate::http;

/// What is logged: a signature over a digest, and the certificate or the key that verifies it, as PEM.
pub(super) struct Logged<'a> {
    pub(super) digest: &'a [u8],
    pub(super) signature: &'a [u8],
    pub(super) verifier: &'a str,
}

/// An entry, in an answer that names each by its identifier.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    body: String,
    integrated_time: u64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: u64,
    verification: Verification,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    inclusion_proof: Proof,
    signed_entry_timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    checkpoint: String,
    hashes: Vec<String>,
    log_index: u64,
    root_hash: String,
    tree_size: u64,
}

/// Has a signature logged in the shard of Rekor v1 that takes entries, of the service that is reached at `base`.
pub(super) async fn log(
    client: &Client,
    base: &str,
    logged: Logged<'_>,
) -> Result<TransparencyLogEntry, Failure> {
    let request = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": {"hash": {"algorithm": "sha256", "value": hex::encode(logged.digest)}},
        "signature": {
            "content": STANDARD.encode(logged.signature),
            "publicKey": {"content": STANDARD.encode(logged.verifier)},
        },
    }});
    let url = format!("{base}/api/v1/log/entries");
    let answer = client.post(&url).json(&request).send().await;
    let entries: BTreeMap<String, Entry> = http::json("tlog", &url, answer).await?;
    let entry = entries.into_values().next();
    let entry = entry.ok_or_else(|| Failure::service("tlog", &url, "the answer has no entry"))?;
    entry
        .into_bundle()
        .map_err(|error| Failure::service("tlog", &url, error))
}

impl Entry {
    /// Bytes are hexadecimal in the one and base64 in the other.
    fn into_bundle(self) -> Result<TransparencyLogEntry, Box<dyn std::error::Error + Send + Sync>> {
        let proof = self.verification.inclusion_proof;
        let hashes = proof.hashes.iter().map(hex::decode);
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        let promise = STANDARD.decode(self.verification.signed_entry_timestamp)?;
        Ok(TransparencyLogEntry {
            log_index: self.log_index,
            log_id: Some(LogId {
                key_id: hex::decode(self.log_id)?.into(),
            }),
            kind_version: Some(KindVersion {
                kind: "hashedrekord".to_owned(),
                version: "0.0.1".to_owned(),
            }),
            integrated_time: self.integrated_time,
            inclusion_promise: Some(InclusionPromise {
                signed_entry_timestamp: promise.into(),
            }),
            inclusion_proof: Some(InclusionProof {
                log_index: proof.log_index,
                root_hash: hex::decode(proof.root_hash)?.into(),
                tree_size: proof.tree_size,
                hashes: hashes.into_iter().map(Into::into).collect(),
                checkpoint: Some(Checkpoint {
                    envelope: proof.checkpoint,
                }),
            }),
            canonicalized_body: Some(STANDARD.decode(self.body)?.into()),
        })
    }
}
