use std::path::PathBuf;

use sigstead_checkpoint::Origin;
use sigstead_entry::v1::{self, EntryId, TreeId};

use crate::cosigning::WitnessError;

/// Why a request is refused, or the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not the JSON of a request.
    #[error("the request is not valid json")]
    Json(#[source] serde_json::Error),
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Encode(#[source] serde_json::Error),
    /// A field of the request is missing or cannot be read.
    #[error("field {field} {wrong}")]
    Field {
        /// The name of the field in the request.
        field: &'static str,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// A message of gRPC lacks a part.
    #[error("the request is not complete")]
    Wire(#[source] sigstead_proto::Error),
    /// The entry was not logged within the deadline; it may be later.
    #[error("the entry was not logged in time")]
    Late,
    /// The request is of no kind that the log takes, or of two.
    #[error("the request does not hold exactly one hashedrekord or dsse entry")]
    NotOneEntry,
    /// An envelope has no signature or several, or not as many verifiers.
    #[error("the envelope has {signatures} signatures and {verifiers} verifiers")]
    NotOneSignature {
        /// The signatures of the envelope.
        signatures: usize,
        /// The verifiers of the request.
        verifiers: usize,
    },
    /// The entry is not one that the log takes.
    #[error("the entry is refused")]
    Entry(#[from] sigstead_entry::Error),
    /// The entry does not fit into a bundle.
    #[error("the entry does not fit into a bundle")]
    Unframed(#[from] sigstead_tiles::Error),
    /// The entry or query of Rekor v1 is not one that the log takes.
    #[error("the request is refused")]
    V1(#[from] v1::Error),
    /// The identifier, query or parameter of Rekor v1 is not one that the log takes.
    #[error("the request is refused")]
    V1Request(#[source] v1::Error),
    /// The body is not the JSON of a request of Rekor v1.
    #[error("the body does not have the shape of a request")]
    Schema(#[source] serde_json::Error),
    /// A request of Rekor v1 is not declared to be JSON.
    #[error("the content type is not application/json")]
    NotJson,
    /// A parameter is missing or cannot be read.
    #[error("parameter {0} must stand in the query once, as a number from 0 to 2^63-1")]
    Query(&'static str),
    /// The shard has the entry already.
    #[error("an equivalent entry already exists in the transparency log with UUID {0}")]
    Equivalent(EntryId),
    /// There is no such entry.
    #[error("the log has no such entry")]
    NoSuchEntry,
    /// There is no such shard.
    #[error("the log has no shard {0}")]
    UnknownTree(TreeId),
    /// A proof is asked for from a size to a smaller one.
    #[error("firstSize({first}) must be at least 1 and not greater than lastSize({last})")]
    SizesReversed {
        /// The first size.
        first: u64,
        /// The last size.
        last: u64,
    },
    /// An administrator asks for a proof from a size to a smaller one.
    #[error("first_size {first} is larger than second_size {second}")]
    SizesUnordered {
        /// The first size.
        first: u64,
        /// The second size.
        second: u64,
    },
    /// A proof is asked for to a size that is not published.
    #[error("the tree size requested({0}) was greater than what is currently observable")]
    SizeBeyond(u64),
    /// More entries are asked for at once than allowed.
    #[error(
        "more than max allowed {} entries in request",
        crate::rekor_v1::MAX_RETRIEVED
    )]
    TooManyRetrieved,
    /// More entries fit a search than are answered.
    #[error("more than {0} entries have one of the search terms")]
    TooManyFound(usize),
    /// No log of the face that a request is for.
    #[error("this service has no log of {0}")]
    FaceAbsent(&'static str),
    /// No log of that name.
    #[error("this service has no log {0}")]
    NoSuchLog(String),
    /// A log of that name is open already.
    #[error("the log {0} is open already")]
    LogExists(Origin),
    /// The description of a log cannot be read.
    #[error("the description of the log cannot be read: {0}")]
    LogUnread(sigstead_kit::ConfigError),
    /// The description of a log is nested without end.
    #[error(
        "the description of the log is nested more deeply than any log needs; write it as an entry of `logs`"
    )]
    LogNested,
    /// A log is to end, and clients would have none to write to.
    #[error(
        "no other log of the same face takes entries, and {0} would leave its clients without one"
    )]
    NoSuccessor(Origin),
    /// Why a log is to be paused is not said in a line.
    #[error("the reason of a pause must be one line of 1 to 200 bytes without control characters")]
    PauseReason,
    /// The configuration has no place to remember logs.
    #[error("the configuration names no directory opened_logs")]
    NoPlaceForLogs,
    /// Logs do not fit together.
    #[error("{0}")]
    LogsContradict(String),
    /// A log that was opened while the service ran cannot be read back.
    #[error("the description of an opened log cannot be read")]
    OpenedLogUnread(#[source] sigstead_kit::ConfigError),
    /// The directory of opened logs cannot be used.
    #[error("cannot use {}", path.display())]
    OpenedLogs {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// An entry could not be promised; it is logged all the same.
    #[error("the signed entry timestamp could not be signed")]
    Promise(#[source] sigstead_signer::Error),
    /// The entry with which a log begins could not be signed.
    #[error("the first entry of the log could not be signed")]
    FirstEntry(#[source] sigstead_signer::Error),
    /// A Rekor v1 log lacks its tree identifier.
    #[error("a rekor-v1 log has no usable tree_id")]
    NoTreeId,
    /// The key of a Rekor v1 log is one that its clients do not verify.
    #[error("the key of {0} is not ECDSA P-256")]
    KeyUnfit(Origin),
    /// A shard that is not the last one still takes entries.
    #[error("{0} is not the last shard and not frozen; freeze it, or list it last")]
    ShardNotFrozen(Origin),
    /// Several logs could be the one that a new log replaces.
    #[error("{0} all take entries; name as `predecessor` the one to freeze")]
    PredecessorUnclear(String),
    /// The log that a new one is to replace has another face.
    #[error(
        "{0} has another face than the new log; only a log of the same face can be its predecessor"
    )]
    PredecessorForeign(Origin),
    /// A file stands where the description of a new log belongs, or would be read after it.
    #[error("{} stands in the way of the descriptions that are numbered by age; move it or give it a lower number", .0.display())]
    DescriptionInTheWay(PathBuf),
    /// An entry below the published size cannot be found.
    #[error("entry {0} is lost")]
    EntryLost(u64),
    /// What belongs to an entry beside its leaf cannot be found.
    #[error("the time of entry {0} is lost")]
    SideLost(u64),
    /// The search index failed.
    #[error("the search index failed")]
    Index(#[from] sigstead_index::Error),
    /// The directory of the search index cannot be used.
    #[error("cannot use the search index in {}", path.display())]
    IndexFiles {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A task ended before its time.
    #[error("a task of the service was stopped")]
    Task(#[source] tokio::task::JoinError),
    /// There is no such tile or bundle.
    #[error("no {0}")]
    NoSuchTile(String),
    /// The log did not take an entry, or could not read one.
    #[error("the log failed")]
    Log(#[from] sigstead_sequencer::Error),
    /// The configuration names no log.
    #[error("the configuration names no log")]
    NoLogs,
    /// The origin of a log cannot stand in checkpoints.
    #[error("the origin of a log is not usable")]
    Origin(#[from] sigstead_checkpoint::Error),
    /// Two logs have one key, so that clients could not tell them apart.
    #[error("{one} and {other} have the same key; each log needs its own")]
    KeyShared {
        /// A log.
        one: Origin,
        /// Another log.
        other: Origin,
    },
    /// The key of a log cannot be opened.
    #[error("cannot open the key of {origin}")]
    Key {
        /// The log.
        origin: Origin,
        /// What the signer said.
        #[source]
        source: sigstead_signer::Error,
    },
    /// A log cannot be opened.
    #[error("cannot open the log {origin}")]
    Open {
        /// The log.
        origin: Origin,
        /// What the sequencer said.
        #[source]
        source: sigstead_sequencer::Error,
    },
    /// The witnesses of a log cannot be asked.
    #[error("cannot ask the witnesses of the log {origin}")]
    Witnesses {
        /// The log.
        origin: Origin,
        /// Why.
        #[source]
        source: Box<WitnessError>,
    },
    /// A metric cannot be registered.
    #[error("cannot register a metric")]
    Metrics(#[source] prometheus::Error),
}

mod rekor_v1;
mod table;
#[cfg(test)]
mod tests;
