use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;
use tracing::Span;

use crate::entry::PendingEntry;
use crate::error::Error;
use crate::head::published::PublishedHead;
use crate::included::Included;

/// An entry that waits for its round.
pub(crate) struct Submission {
    pub(crate) entry: Box<dyn PendingEntry>,
    pub(crate) deduplication_key: Option<[u8; 32]>,
    pub(crate) answer: oneshot::Sender<Result<Outcome, Error>>,
    /// The span of the request that brings it.
    pub(crate) span: Span,
}

/// What became of a submission.
pub(crate) enum Outcome {
    Included(Included),
    /// The entry has a known key, and the stored entry is no longer in memory: the caller who waits compares.
    ComparesElsewhere(Box<dyn PendingEntry>),
}

/// Who waits for the last head of the log.
pub(crate) type Ending = oneshot::Sender<Result<Arc<PublishedHead>, Error>>;

/// What the log's thread does next.
pub(crate) struct Work {
    pub(crate) submissions: VecDeque<Submission>,
    pub(crate) trim_below: Option<u64>,
    /// Given once nothing waits any more.
    pub(crate) endings: Vec<Ending>,
}
