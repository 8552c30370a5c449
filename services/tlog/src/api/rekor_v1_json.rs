use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use sigstead_entry::v1::{EntryId, ProposedEntry};
use sigstead_merkle::{ConsistencyProof, RootHash};
use sigstead_protojson::strict;

use crate::error::{AppendError, Error, ReadError};
use crate::rekor_v1::{MAX_RETRIEVED, RekorV1, RekorV1Entry, Retrieval, Shard};

/// An entry under its identifier. sigstore-rs cuts the identifier off by its length, so the text is compact, holds one
/// entry, and ends with a line feed.
pub(crate) fn entry(entry: &RekorV1Entry) -> Result<Vec<u8>, Error> {
    encode(&Identified(entry))
}

/// Several entries.
pub(crate) fn entries(entries: &[RekorV1Entry]) -> Result<Vec<u8>, Error> {
    encode(&entries.iter().map(Identified).collect::<Vec<_>>())
}

/// Identifiers of entries.
pub(crate) fn ids(ids: &[EntryId]) -> Result<Vec<u8>, Error> {
    encode(&ids.iter().map(EntryId::to_string).collect::<Vec<_>>())
}

/// The shards and their heads.
pub(crate) fn log_info(log: &RekorV1) -> Result<Vec<u8>, Error> {
    let inactive = log.inactive().iter().map(ShardInfo::of);
    encode(&LogInfo {
        inactive_shards: inactive.collect(),
        active: ShardInfo::of(log.active()),
    })
}

/// A consistency proof and the root that it leads to.
pub(crate) fn consistency_proof(
    root: &RootHash,
    proof: &ConsistencyProof,
) -> Result<Vec<u8>, Error> {
    encode(&ConsistencyProofResponse {
        hashes: proof.hashes.iter().map(ToString::to_string).collect(),
        root_hash: root.to_string(),
    })
}

/// Reads what shall be retrieved.
pub(crate) fn retrieval(body: &[u8]) -> Result<Retrieval, Error> {
    let request: RetrievalRequest<'_> = strict::from_slice(body).map_err(AppendError::Schema)?;
    let (ids, indexes, entries) = (
        request.entry_uuids.unwrap_or_default(),
        request.log_indexes.unwrap_or_default(),
        request.entries.unwrap_or_default(),
    );
    if ids.len() + indexes.len() + entries.len() > MAX_RETRIEVED {
        return Err(ReadError::TooManyRetrieved(MAX_RETRIEVED).into());
    }
    let ids = ids
        .iter()
        .map(|id| EntryId::parse(id).map_err(ReadError::V1Request));
    let entries = entries.iter();
    let entries = entries.map(|entry| ProposedEntry::from_json(entry.get().as_bytes()));
    Ok(Retrieval {
        ids: ids.collect::<Result<_, _>>()?,
        indexes,
        entries: entries.collect::<Result<_, _>>()?,
    })
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut text = serde_json::to_vec(value).map_err(Error::Encode)?;
    text.push(b'\n');
    Ok(text)
}

struct Identified<'a>(&'a RekorV1Entry);

impl Serialize for Identified<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.0.id.to_string(), &LogEntry::from(self.0))?;
        map.end()
    }
}

// sigstore-rs refuses members that it does not know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogEntry<'a> {
    body: String,
    integrated_time: u64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: u64,
    verification: Verification<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verification<'a> {
    inclusion_proof: InclusionProof<'a>,
    signed_entry_timestamp: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InclusionProof<'a> {
    checkpoint: Cow<'a, str>,
    hashes: Vec<String>,
    log_index: u64,
    root_hash: String,
    tree_size: u64,
}

impl<'a> From<&'a RekorV1Entry> for LogEntry<'a> {
    fn from(entry: &'a RekorV1Entry) -> Self {
        let proof = &entry.proof;
        Self {
            body: STANDARD.encode(&entry.body),
            integrated_time: entry.integrated_time,
            log_id: hex::encode(entry.log_id),
            log_index: entry.virtual_index,
            verification: Verification {
                inclusion_proof: InclusionProof {
                    checkpoint: String::from_utf8_lossy(&entry.checkpoint.note),
                    hashes: proof.hashes.iter().map(ToString::to_string).collect(),
                    log_index: proof.leaf_index.value(),
                    root_hash: entry.checkpoint.head.root.to_string(),
                    tree_size: proof.tree_size,
                },
                signed_entry_timestamp: STANDARD.encode(&entry.signed_entry_timestamp),
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogInfo {
    inactive_shards: Vec<ShardInfo>,
    #[serde(flatten)]
    active: ShardInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShardInfo {
    root_hash: String,
    signed_tree_head: String,
    #[serde(rename = "treeID")]
    tree_id: String,
    tree_size: u64,
}

impl ShardInfo {
    fn of(shard: &Shard) -> Self {
        let published = shard.log.published();
        Self {
            root_hash: published.head.root.to_string(),
            signed_tree_head: String::from_utf8_lossy(&published.note).into_owned(),
            tree_id: shard.tree_id.to_string(),
            tree_size: published.head.size,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConsistencyProofResponse {
    hashes: Vec<String>,
    root_hash: String,
}

#[derive(Deserialize)]
struct RetrievalRequest<'a> {
    #[serde(rename = "entryUUIDs")]
    entry_uuids: Option<Vec<String>>,
    #[serde(rename = "logIndexes")]
    log_indexes: Option<Vec<u64>>,
    #[serde(borrow)]
    entries: Option<Vec<&'a RawValue>>,
}
