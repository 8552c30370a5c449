use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::entry::SealError;
use crate::head::anchor::AnchorError;
use crate::head::signer::HeadSignerError;

/// Why a log did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More entries wait than the log takes; nothing was done.
    #[error("too many entries are waiting")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The log takes no entries; reads go on.
    #[error("log is read-only: {reason}")]
    ReadOnly {
        /// Why, in a sentence for the operator.
        reason: Arc<str>,
    },
    /// The log has ended and never takes an entry again.
    #[error("the log is frozen")]
    Frozen,
    /// The log is about to end; whether it does is known in a moment.
    #[error("the log is about to be frozen")]
    Ending,
    /// The journal has no room; entries are taken again when it has.
    #[error("no room for more entries")]
    NoRoom {
        /// What the journal said.
        #[source]
        source: Arc<sigstead_journal::Error>,
    },
    /// The process or the machine has no descriptor or memory free; entries are taken again when it has.
    #[error("nothing is free to extend the journal with")]
    Exhausted {
        /// What the journal said.
        #[source]
        source: Arc<sigstead_journal::Error>,
    },
    /// The clock stands before the log's last entry by more than a moment; entries are taken when it has caught up.
    #[error("clock is {behind_millis} ms behind the log's last round")]
    ClockBehind {
        /// By how much.
        behind_millis: u64,
    },
    /// The head could not be signed; nothing was committed.
    #[error("cannot sign the tree head")]
    SigningFailed {
        /// What the signer said.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The entry is unfit for the log.
    #[error("entry cannot be logged")]
    EntryUnfit {
        /// What the entry said when it was sealed.
        #[source]
        source: SealError,
    },
    /// An index or size beyond the published head, or a proof from a larger to a smaller size.
    #[error("index or size {asked} is out of range for a log of size {size}")]
    OutOfRange {
        /// The index or size that was asked for.
        asked: u64,
        /// The published size.
        size: u64,
    },
    /// A stored object is missing or is not what the tree says it is.
    #[error("stored object {path} is {what}")]
    ObjectDamaged {
        /// The object's path.
        path: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Cold storage has not taken what is full for so long that memory holds no more.
    #[error("too much waits for cold storage: {reason}")]
    ColdLags {
        /// What cold storage said last.
        reason: Arc<str>,
    },
    /// Cold storage failed.
    #[error("cannot use cold storage")]
    Cold(#[from] sigstead_cold::Error),
    /// The operator has paused the log; it takes entries again when he ends that.
    #[error("log is paused: {reason}")]
    Paused {
        /// What the operator said.
        reason: Arc<str>,
    },
    /// The file that keeps a pause cannot be used.
    #[error("cannot use {}", path.display())]
    PauseMark {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The index of what the log has failed.
    #[error("cannot use the index of entries")]
    Index(#[from] sigstead_index::Error),
    /// An index does not cover the log yet, so what it does not find may be there.
    #[error("the index covers {covered} of {size} entries so far")]
    IndexBehind {
        /// How many entries it covers.
        covered: u64,
        /// How many the log has published.
        size: u64,
    },
    /// The journal failed while the log was opened.
    #[error("cannot use the journal")]
    Journal(#[from] sigstead_journal::Error),
    /// The anchor failed while the log was opened.
    #[error("cannot use the anchor")]
    Anchor(#[from] AnchorError),
    /// The stored log contradicts itself; it is not opened, because any answer would be a guess.
    #[error("stored log is inconsistent: {why}")]
    Inconsistent {
        /// What does not fit.
        why: String,
    },
    /// The last checkpoint is not this log's, or not under this key.
    #[error("last checkpoint does not verify under the configured key")]
    WrongKey {
        /// What the signer said.
        #[source]
        source: HeadSignerError,
    },
    /// The system did not give a thread, or it ended before its time.
    #[error("a thread of the log failed")]
    Thread(#[source] std::io::Error),
}

impl Error {
    pub(crate) fn damaged(path: String, what: &'static str) -> Self {
        Self::ObjectDamaged { path, what }
    }
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
