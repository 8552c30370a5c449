//! Proves that the logs of a backup are whole: each is opened as its service would open it, and what it would serve is read
//! from its first entry to its last by the verifier that shares no code with the services.

use std::path::Path;

use serde::Serialize;
use sigstead_archive::{LogFace, LogRecord};
use sigstead_kit::causes;
use sigstead_logcheck::{Face, LogKey, Request};
use sigstead_merkle::RootHash;
use sigstead_sequencer::Anchored;

use super::stored_log::StoredLog;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;

/// A log that was read whole.
#[derive(Debug, Serialize)]
pub(crate) struct ProvenLog {
    pub(crate) origin: String,
    pub(crate) face: LogFace,
    pub(crate) size: u64,
    pub(crate) root_hash: String,
    pub(crate) sequenced_unix: u64,
    /// The same, as exact as the log knows it.
    #[serde(skip)]
    pub(crate) sequenced_millis: u64,
    /// Absent where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) anchor: Option<AnchorState>,
    /// How many entries this machine knows of that the backup lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lacks: Option<u64>,
}

/// What this machine remembers of a log, beside what a backup has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AnchorState {
    /// Nothing, or nothing of a log that had entries: the log has to be adopted before it takes entries here.
    Missing,
    /// A head that the backup contains: the log takes entries here.
    Reached,
    /// More than the backup has: the log stays read-only here.
    Ahead,
    /// A head that the backup contradicts: the log stays read-only here.
    Contradicts,
    /// Something that cannot be read: the log stays read-only here.
    Unreadable,
}

/// What a machine remembers of a log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Remembered {
    Nothing,
    Head(Anchored),
    Unreadable,
}

impl Remembered {
    /// What this machine remembers now.
    pub(crate) fn of(log: &ConfiguredLog) -> Self {
        match log.anchored() {
            Ok(Some(anchored)) => Self::Head(anchored),
            Ok(None) => Self::Nothing,
            Err(_) => Self::Unreadable,
        }
    }
}

impl ProvenLog {
    /// Whether the log would stay read-only on this machine whatever its operator does.
    pub(crate) fn is_refused(&self) -> bool {
        use AnchorState::{Ahead, Contradicts, Missing, Reached, Unreadable};
        match self.anchor {
            Some(Ahead | Contradicts | Unreadable) => true,
            Some(Missing | Reached) | None => false,
        }
    }
}

/// Proves the logs that are laid out below a folder. Of each, `remembered` is what the machine knows, in the same order; none
/// where nobody asks.
pub(crate) async fn prove(
    folder: &Path,
    records: &[LogRecord],
    remembered: &[Remembered],
) -> Result<Vec<ProvenLog>, Failure> {
    let mut proven = Vec::new();
    let mut shards = 0;
    for (position, record) in records.iter().enumerate() {
        // The promises of Rekor v1 number entries through all shards.
        let first_index = match record.face {
            LogFace::RekorV1 => shards,
            LogFace::RekorV2 | LogFace::Ct => 0,
        };
        let remembered = remembered.get(position).copied();
        proven.push(prove_log(folder, record, first_index, remembered).await?);
        if record.face == LogFace::RekorV1 {
            shards += record.size;
        }
    }
    Ok(proven)
}

async fn prove_log(
    folder: &Path,
    record: &LogRecord,
    first_index: u64,
    remembered: Option<Remembered>,
) -> Result<ProvenLog, Failure> {
    let unsound = |error: sigstead_sequencer::Error| unsound(record, &causes(&error));
    let stored = StoredLog::open(&folder.join(&record.data), record).await;
    let stored = stored.map_err(unsound)?;
    let compared = compare(&stored, record, first_index).await;
    let state = anchor_state(&stored, remembered).await;
    // Nothing may hold its files any more, because the folder is renamed or removed next.
    stored.log.shutdown().await;
    compared?;
    let (anchor, lacks) = state.map_err(unsound)?;
    Ok(ProvenLog {
        origin: record.origin.clone(),
        face: record.face,
        size: record.size,
        root_hash: record.root_hash.clone(),
        sequenced_unix: record.time_millis / 1000,
        sequenced_millis: record.time_millis,
        anchor,
        lacks,
    })
}

/// Holds a log against what the manifest says of it, and its content against its tree.
async fn compare(stored: &StoredLog, record: &LogRecord, first_index: u64) -> Result<(), Failure> {
    let head = stored.log.published().head;
    let root = hex::encode(head.root.as_bytes());
    if head.size != record.size || root != record.root_hash {
        let found = format!("it has {} entries, root {root}", head.size);
        let named = format!(
            "the manifest names {}, root {}",
            record.size, record.root_hash
        );
        return Err(unsound(record, &format!("{found}; {named}")));
    }
    let read = stored.read_the_rest(record.face).await;
    read.map_err(|error| unsound(record, &causes(&error)))?;
    let request = request(record, first_index);
    let request = request.map_err(|error| unsound(record, &causes(&error)))?;
    let report = sigstead_logcheck::check(stored, Request::new(request)).await;
    let report = report.map_err(|error| unsound(record, &causes(&error)))?;
    match report.is_sound() {
        true => Ok(()),
        false => Err(unsound(record, &report.to_string())),
    }
}

fn request(
    record: &LogRecord,
    first_index: u64,
) -> Result<sigstead_logcheck::Log, sigstead_logcheck::Error> {
    let face = match record.face {
        LogFace::RekorV1 => Face::RekorV1,
        LogFace::RekorV2 => Face::RekorV2,
        LogFace::Ct => Face::StaticCt,
    };
    let key = LogKey::from_pem(&record.public_key)?;
    let log = sigstead_logcheck::Log::new(face, record.origin.as_str(), key)?;
    Ok(log.with_first_index(first_index))
}

/// The rule by which the log's service decides whether it may sign, said beforehand.
async fn anchor_state(
    stored: &StoredLog,
    remembered: Option<Remembered>,
) -> Result<(Option<AnchorState>, Option<u64>), sigstead_sequencer::Error> {
    let anchored = match remembered {
        None => return Ok((None, None)),
        Some(Remembered::Nothing) => return Ok((Some(AnchorState::Missing), None)),
        Some(Remembered::Unreadable) => return Ok((Some(AnchorState::Unreadable), None)),
        Some(Remembered::Head(anchored)) => anchored,
    };
    let published = stored.log.published();
    // It was made for another beginning of the log.
    if anchored.is_beginning() && published.head.size > 0 {
        return Ok((Some(AnchorState::Missing), None));
    }
    let (size, known) = (published.head.size, anchored.head.size);
    if known > size || anchored.time_millis > published.time_millis {
        let lacks = known.saturating_sub(size);
        return Ok((Some(AnchorState::Ahead), Some(lacks)));
    }
    let root: RootHash = stored.log.root(known).await?;
    Ok(match root == anchored.head.root {
        true => (Some(AnchorState::Reached), Some(0)),
        false => (Some(AnchorState::Contradicts), None),
    })
}

fn unsound(record: &LogRecord, why: &str) -> Failure {
    Failure::new(
        "E-CTL-211",
        format!("{} is not sound in the backup", record.origin),
        "do not rely on this backup: keep an older one, and see whether the running log is sound with `sigctl log check`",
    )
    .because(why)
}
