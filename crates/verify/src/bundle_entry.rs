//! The log entries of a bundle, as its version demands them.

use std::collections::BTreeSet;

use sigstead_merkle::{LeafIndex, NodeHash, RootHash};
use sigstead_protojson::Base64Bytes;

use crate::check::Check;
use crate::failure::{Failing as _, Failure, ensure};
use crate::json;

/// The version of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaType {
    /// Version 0.1: a promise is demanded, a proof is not.
    V0_1,
    /// Version 0.2: a proof is demanded.
    V0_2,
    /// Version 0.3: one certificate instead of a chain.
    V0_3,
}

impl MediaType {
    /// The version that a media type names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "application/vnd.dev.sigstore.bundle+json;version=0.1" => Some(Self::V0_1),
            "application/vnd.dev.sigstore.bundle+json;version=0.2" => Some(Self::V0_2),
            "application/vnd.dev.sigstore.bundle+json;version=0.3"
            | "application/vnd.dev.sigstore.bundle.v0.3+json" => Some(Self::V0_3),
            _ => None,
        }
    }
}

/// An entry of a signature log, as the bundle states it.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The index; in Rekor v1 the one over all shards.
    pub log_index: u64,
    /// The log.
    pub log_id: Vec<u8>,
    /// The kind of the entry.
    pub kind: String,
    /// The version of the kind.
    pub version: String,
    /// Seconds since 1970.
    pub integrated_time: u64,
    /// The log's promise.
    pub promise: Option<Vec<u8>>,
    /// The proof of inclusion with its checkpoint.
    pub proof: Option<Proof>,
    /// What the log holds.
    pub body: Vec<u8>,
}

/// A proof of inclusion with its checkpoint.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The way from entry to root.
    pub inclusion: sigstead_merkle::InclusionProof,
    /// The root.
    pub root: RootHash,
    /// What the log signed.
    pub checkpoint: String,
}

impl LogEntry {
    /// Reads the entries of a bundle, each of which must be in a log of its own.
    pub(crate) fn read_all(
        media_type: MediaType,
        entries: Vec<json::TransparencyLogEntry>,
    ) -> Result<Vec<Self>, Failure> {
        if entries.len() > MAX_ENTRIES {
            let expected = format!("at most {MAX_ENTRIES} log entries");
            return Err(Failure::unlike(Check::EntryCount, expected, entries.len()));
        }
        let entries: Result<Vec<_>, _> = entries
            .into_iter()
            .map(|entry| Self::read(media_type, entry))
            .collect();
        let entries = entries?;
        let logs: BTreeSet<_> = entries.iter().map(|entry| &entry.log_id).collect();
        ensure(logs.len() == entries.len(), Check::EntryCount)?;
        Ok(entries)
    }

    fn read(media_type: MediaType, entry: json::TransparencyLogEntry) -> Result<Self, Failure> {
        let missing = Check::BundleVersion;
        let kind = entry.kind_version.failing(missing)?;
        let proof = entry.inclusion_proof.map(Proof::read).transpose()?;
        match media_type {
            MediaType::V0_1 => ensure(entry.inclusion_promise.is_some(), missing)?,
            MediaType::V0_2 | MediaType::V0_3 => ensure(proof.is_some(), missing)?,
        }
        Ok(Self {
            log_index: entry.log_index,
            log_id: entry.log_id.failing(missing)?.key_id.as_slice().to_vec(),
            kind: kind.kind,
            version: kind.version,
            integrated_time: entry.integrated_time,
            promise: entry
                .inclusion_promise
                .map(|promise| promise.signed_entry_timestamp.as_slice().to_vec()),
            proof,
            body: entry
                .canonicalized_body
                .failing(missing)?
                .as_slice()
                .to_vec(),
        })
    }
}

impl Proof {
    /// A proof without a checkpoint proves nothing, for nobody signed its root. It is refused, not read over: what looks
    /// like a proof is one.
    fn read(proof: json::InclusionProof) -> Result<Self, Failure> {
        let checkpoint = proof.checkpoint.ok_or_else(|| {
            let expected = "an inclusion proof with its checkpoint";
            Failure::unlike(Check::BundleVersion, expected, "one without")
        })?;
        let hashes: Result<Vec<_>, _> = proof
            .hashes
            .iter()
            .map(Base64Bytes::as_slice)
            .map(NodeHash::try_from)
            .collect();
        Ok(Self {
            inclusion: sigstead_merkle::InclusionProof {
                leaf_index: LeafIndex::new(proof.log_index),
                tree_size: proof.tree_size,
                hashes: hashes.failing(Check::Inclusion)?,
            },
            root: RootHash::try_from(proof.root_hash.as_slice()).failing(Check::Inclusion)?,
            checkpoint: checkpoint.envelope,
        })
    }
}

/// What the official clients read. More is no use to anybody, and each costs its verifier something.
const MAX_ENTRIES: usize = 32;
