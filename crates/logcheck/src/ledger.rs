use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::tree::Hash;

/// One line of the ledger: what the log answered when it took an entry. JSON, one object a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// The position in the tree.
    pub index: u64,
    /// The bytes of the leaf in base64: the canonical body, or the `MerkleTreeLeaf` of RFC 6962 §3.4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The hash of the leaf in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf_hash: Option<String>,
    /// The checkpoint of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// The inclusion proof under that checkpoint, each hash in hex or base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Vec<String>>,
    /// When the answer came, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_millis: Option<u64>,
    /// The signed entry timestamp of Rekor v1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
    /// The signed certificate timestamp of a CT log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sct: Option<Sct>,
}

/// A signed entry timestamp of Rekor v1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Set {
    /// Seconds.
    pub integrated_time: u64,
    /// Counted through all shards.
    pub log_index: u64,
    /// The SHA-256 of the key, in hex.
    #[serde(rename = "logID")]
    pub log_id: String,
    /// In base64.
    pub signature: String,
}

/// A signed certificate timestamp (RFC 6962 §3.2), and what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sct {
    /// Milliseconds.
    pub timestamp: u64,
    /// In base64.
    pub extensions: String,
    /// `DigitallySigned` in base64.
    pub signature: String,
    /// The SHA-256 of the key, in base64.
    pub id: String,
    /// What was logged.
    pub entry: LoggedEntry,
}

/// What a signed certificate timestamp is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum LoggedEntry {
    /// A certificate.
    Certificate {
        /// DER in base64.
        certificate: String,
    },
    /// A precertificate.
    Precertificate {
        /// The SHA-256 of the issuer's key, in hex.
        issuer_key_hash: String,
        /// The certificate without poison and signature, DER in base64.
        tbs: String,
    },
}

/// One line of the observations: a checkpoint that somebody was served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// When, in milliseconds.
    pub time_millis: u64,
    /// The note.
    pub checkpoint: String,
}

/// Calls back with each line of a file, and ends at the first that is not of its format.
pub(crate) fn each_line<T: DeserializeOwned>(
    input: &'static str,
    lines: impl BufRead,
    mut take: impl FnMut(u64, T) -> Result<(), String>,
) -> Result<(), Error> {
    for (line, text) in (1_u64..).zip(lines.lines()) {
        let text = text.map_err(|source| Error::Input { input, source })?;
        if text.is_empty() {
            continue;
        }
        serde_json::from_str(&text)
            .map_err(|problem| problem.to_string())
            .and_then(|value| take(line, value))
            .map_err(|reason| Error::Line {
                input,
                line,
                reason,
            })?;
    }
    Ok(())
}

pub(crate) fn base64(field: &str, text: &str) -> Result<Vec<u8>, String> {
    STANDARD
        .decode(text)
        .map_err(|_| format!("{field} is not base64"))
}

pub(crate) fn hex_hash(field: &str, text: &str) -> Result<Hash, String> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash).map_err(|_| format!("{field} is not 32 bytes in hex"))?;
    Ok(hash)
}

/// A hash as Rekor v1 spells it, in hex, or as Rekor v2 does, in base64.
pub(crate) fn any_hash(field: &str, text: &str) -> Result<Hash, String> {
    hex_hash(field, text).or_else(|_| {
        base64(field, text)?
            .try_into()
            .map_err(|_| format!("{field} is not 32 bytes in hex or base64"))
    })
}
