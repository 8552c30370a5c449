use serde::Serialize;
use sigstead_proto::admin::v1 as wire;

/// A log as it is shown.
#[derive(Serialize)]
pub(crate) struct Log {
    pub(crate) origin: String,
    pub(crate) face: &'static str,
    pub(crate) log_id: String,
    pub(crate) size: u64,
    pub(crate) root_hash: String,
    pub(crate) state: String,
    pub(crate) published_unix: i64,
    pub(crate) indexed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tree_id: Option<u64>,
    pub(crate) checkpoint: String,
    #[serde(skip)]
    pub(crate) public_key: Vec<u8>,
}

impl From<&wire::LogInfo> for Log {
    fn from(log: &wire::LogInfo) -> Self {
        let reasons = (log.read_only_reason.as_str(), log.paused_reason.as_str());
        let state = match (log.frozen, reasons) {
            (true, _) => "frozen".to_owned(),
            (false, ("", "")) => "takes entries".to_owned(),
            (false, (failure, "")) => format!("takes no entries: {failure}"),
            (false, ("", pause)) => format!("paused: {pause}"),
            (false, (failure, pause)) => format!("paused: {pause}; takes no entries: {failure}"),
        };
        Self {
            origin: log.origin.clone(),
            face: match log.face() {
                wire::LogFace::RekorV1 => "rekor-v1",
                wire::LogFace::RekorV2 => "rekor-v2",
                wire::LogFace::Ct => "ct",
                wire::LogFace::Unspecified => "unknown",
            },
            log_id: hex::encode(&log.log_id),
            size: log.size,
            root_hash: hex::encode(&log.root_hash),
            state,
            published_unix: log.published.map_or(0, |time| time.seconds),
            indexed: log.indexed,
            tree_id: (log.tree_id != 0).then_some(log.tree_id),
            checkpoint: log.checkpoint.clone(),
            public_key: log.public_key.clone(),
        }
    }
}

pub(super) fn logs(logs: &[Log]) -> String {
    let lines = logs.iter().map(|log| {
        format!(
            "{}\n  {}, {}, {} entries, {} of them indexed\n  root {}\n  log id {}",
            log.origin, log.face, log.state, log.size, log.indexed, log.root_hash, log.log_id
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// An entry as it is shown.
#[derive(Serialize)]
pub(super) struct Entry {
    origin: String,
    leaf_index: u64,
    leaf_hash: String,
    body: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrated_unix: Option<i64>,
    tree_size: u64,
    root_hash: String,
    inclusion_proof: Vec<String>,
    checkpoint: String,
}

impl From<wire::Entry> for Entry {
    fn from(entry: wire::Entry) -> Self {
        let as_text = || String::from_utf8_lossy(&entry.body).into_owned().into();
        Self {
            leaf_hash: hex::encode(&entry.leaf_hash),
            body: serde_json::from_slice(&entry.body).unwrap_or_else(|_| as_text()),
            integrated_unix: entry.integrated_time.map(|time| time.seconds),
            root_hash: hex::encode(&entry.root_hash),
            inclusion_proof: entry.inclusion_proof.iter().map(hex::encode).collect(),
            origin: entry.origin,
            leaf_index: entry.leaf_index,
            tree_size: entry.tree_size,
            checkpoint: entry.checkpoint,
        }
    }
}

pub(super) fn entry(entry: &Entry) -> String {
    format!(
        "entry {} of {}\n  leaf hash {}\n  proven by {} hashes against root {} of {} entries\n{:#}",
        entry.leaf_index,
        entry.origin,
        entry.leaf_hash,
        entry.inclusion_proof.len(),
        entry.root_hash,
        entry.tree_size,
        entry.body,
    )
}

/// Where an entry is, as it is shown.
#[derive(Serialize)]
pub(super) struct Place {
    origin: String,
    leaf_index: u64,
    leaf_hash: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    entry_id: String,
}

impl From<wire::EntryPlace> for Place {
    fn from(place: wire::EntryPlace) -> Self {
        Self {
            origin: place.origin,
            leaf_index: place.leaf_index,
            leaf_hash: hex::encode(place.leaf_hash),
            entry_id: place.entry_id,
        }
    }
}

pub(super) fn places(places: &[Place]) -> String {
    if places.is_empty() {
        return "no entries".to_owned();
    }
    let lines = places.iter().map(|place| {
        format!(
            "entry {} of {}: {}",
            place.leaf_index, place.origin, place.leaf_hash
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A consistency proof as it is shown.
#[derive(Serialize)]
pub(super) struct Consistency {
    first_size: u64,
    second_size: u64,
    second_root_hash: String,
    hashes: Vec<String>,
}

impl From<wire::ConsistencyProof> for Consistency {
    fn from(proof: wire::ConsistencyProof) -> Self {
        Self {
            first_size: proof.first_size,
            second_size: proof.second_size,
            second_root_hash: hex::encode(&proof.second_root_hash),
            hashes: proof.hashes.iter().map(hex::encode).collect(),
        }
    }
}

pub(super) fn consistency(proof: &Consistency) -> String {
    let mut lines = vec![format!(
        "from {} to {} entries, root {}",
        proof.first_size, proof.second_size, proof.second_root_hash
    )];
    lines.extend(proof.hashes.iter().map(|hash| format!("  {hash}")));
    lines.join("\n")
}
