//! The JSON of RFC 6962 §4.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sigstead_ct::{AcceptedChain, SignedCertificateTimestamp};
use sigstead_merkle::{ConsistencyProof, InclusionProof, LeafHash, NodeHash};
use sigstead_protojson::strict;
use sigstead_x509::Certificate;

use crate::{Error, LoggedEntry, SignedTreeHead};

/// RFC 6962 §4.1.
#[derive(Deserialize)]
struct AddChainRequest {
    chain: Vec<String>,
}

/// RFC 6962 §4.1.
#[derive(Serialize)]
struct AddChainResponse {
    sct_version: u8,
    id: String,
    timestamp: u64,
    extensions: String,
    signature: String,
}

/// RFC 6962 §4.7.
#[derive(Serialize)]
struct GetRootsResponse {
    certificates: Vec<String>,
}

/// Reads a submission, and its certificates with `read`.
pub(crate) fn decode_chain(
    body: &[u8],
    read: impl Fn(&[u8]) -> Result<Certificate, sigstead_x509::Error>,
) -> Result<Vec<Certificate>, Error> {
    let request: AddChainRequest = strict::from_slice(body).map_err(Error::Json)?;
    AcceptedChain::check_length(request.chain.len())?;
    let decode = |(position, text): (usize, &String)| {
        let der = STANDARD.decode(text).map_err(|_| Error::Base64(position))?;
        read(&der).map_err(|source| Error::Certificate { position, source })
    };
    request.chain.iter().enumerate().map(decode).collect()
}

/// Writes the answer to a submission.
pub(crate) fn encode_sct(sct: &SignedCertificateTimestamp) -> Result<Vec<u8>, Error> {
    let response = AddChainResponse {
        sct_version: 0,
        id: STANDARD.encode(sct.log_id.as_bytes()),
        timestamp: sct.timestamp_millis,
        extensions: STANDARD.encode(&sct.extensions),
        signature: STANDARD.encode(sct.signature.encode()?),
    };
    serde_json::to_vec(&response).map_err(Error::Encode)
}

/// Writes the accepted roots.
pub(crate) fn encode_roots(roots: &[Certificate]) -> Result<Vec<u8>, Error> {
    let certificates = roots
        .iter()
        .map(|root| STANDARD.encode(root.to_der()))
        .collect();
    serde_json::to_vec(&GetRootsResponse { certificates }).map_err(Error::Encode)
}

/// RFC 6962 §4.3.
#[derive(Serialize)]
struct GetSthResponse {
    tree_size: u64,
    timestamp: u64,
    sha256_root_hash: String,
    tree_head_signature: String,
}

/// RFC 6962 §4.4.
#[derive(Serialize)]
struct GetSthConsistencyResponse {
    consistency: Vec<String>,
}

/// RFC 6962 §4.5.
#[derive(Serialize)]
struct GetProofByHashResponse {
    leaf_index: u64,
    audit_path: Vec<String>,
}

/// RFC 6962 §4.6.
#[derive(Serialize)]
struct GetEntriesResponse {
    entries: Vec<EntryResponse>,
}

#[derive(Serialize)]
struct EntryResponse {
    leaf_input: String,
    extra_data: String,
}

/// RFC 6962 §4.8.
#[derive(Serialize)]
struct GetEntryAndProofResponse {
    leaf_input: String,
    extra_data: String,
    audit_path: Vec<String>,
}

impl From<&LoggedEntry> for EntryResponse {
    fn from(entry: &LoggedEntry) -> Self {
        Self {
            leaf_input: STANDARD.encode(&entry.leaf_input),
            extra_data: STANDARD.encode(&entry.extra_data),
        }
    }
}

/// Reads the hash of a leaf.
pub(crate) fn decode_hash(text: &str) -> Result<LeafHash, Error> {
    let bytes = STANDARD.decode(text).ok();
    let hash = bytes.and_then(|bytes| LeafHash::try_from(bytes.as_slice()).ok());
    hash.ok_or(Error::Query("hash"))
}

/// Writes a tree head.
pub(crate) fn encode_tree_head(head: &SignedTreeHead) -> Result<Vec<u8>, Error> {
    encode(&GetSthResponse {
        tree_size: head.head.size,
        timestamp: head.timestamp_millis,
        sha256_root_hash: STANDARD.encode(head.head.root.as_bytes()),
        tree_head_signature: STANDARD.encode(head.signature.encode()?),
    })
}

/// Writes a consistency proof.
pub(crate) fn encode_consistency(proof: &ConsistencyProof) -> Result<Vec<u8>, Error> {
    encode(&GetSthConsistencyResponse {
        consistency: hashes(&proof.hashes),
    })
}

/// Writes an inclusion proof.
pub(crate) fn encode_inclusion(proof: &InclusionProof) -> Result<Vec<u8>, Error> {
    encode(&GetProofByHashResponse {
        leaf_index: proof.leaf_index.value(),
        audit_path: hashes(&proof.hashes),
    })
}

/// Writes entries.
pub(crate) fn encode_entries(entries: &[LoggedEntry]) -> Result<Vec<u8>, Error> {
    encode(&GetEntriesResponse {
        entries: entries.iter().map(EntryResponse::from).collect(),
    })
}

/// Writes an entry and its proof.
pub(crate) fn encode_entry_and_proof(
    entry: &LoggedEntry,
    proof: &InclusionProof,
) -> Result<Vec<u8>, Error> {
    let EntryResponse {
        leaf_input,
        extra_data,
    } = entry.into();
    encode(&GetEntryAndProofResponse {
        leaf_input,
        extra_data,
        audit_path: hashes(&proof.hashes),
    })
}

fn encode(response: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(response).map_err(Error::Encode)
}

fn hashes(hashes: &[NodeHash]) -> Vec<String> {
    hashes
        .iter()
        .map(|hash| STANDARD.encode(hash.as_bytes()))
        .collect()
}
