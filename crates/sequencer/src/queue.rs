use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::{Error, Included, PendingEntry, PublishedHead};

/// An entry that waits for its round.
pub(crate) struct Submission {
    pub(crate) entry: Box<dyn PendingEntry>,
    pub(crate) deduplication_key: Option<[u8; 32]>,
    pub(crate) answer: oneshot::Sender<Result<Outcome, Error>>,
}

/// What became of a submission.
pub(crate) enum Outcome {
    Included(Included),
    /// The entry has a known key, and the stored entry is no longer in memory: whoever waits compares.
    ComparesElsewhere(Box<dyn PendingEntry>),
}

/// What waits for the log's thread, up to a limit.
///
/// A lock and a condition instead of a channel, because the thread takes all that waits at once.
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    limit: usize,
}

/// Who waits for the last head of the log.
pub(crate) type Ending = oneshot::Sender<Result<Arc<PublishedHead>, Error>>;

#[derive(Default)]
struct State {
    waiting: VecDeque<Submission>,
    trim_below: Option<u64>,
    /// Who has asked for the end of the log.
    endings: Vec<Ending>,
    /// From the first who asked until the end is there, or has failed.
    is_ending: bool,
    is_frozen: bool,
    /// Why nothing more is taken.
    closed: Option<Arc<str>>,
}

/// What the log's thread does next.
pub(crate) struct Work {
    pub(crate) submissions: VecDeque<Submission>,
    pub(crate) trim_below: Option<u64>,
    /// Given once nothing waits any more.
    pub(crate) endings: Vec<Ending>,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit,
        }
    }

    pub(crate) fn push(&self, submission: Submission) -> Result<(), Error> {
        let mut state = self.lock();
        if state.is_frozen || state.is_ending {
            return Err(Error::Frozen);
        }
        if let Some(reason) = &state.closed {
            return Err(Error::ReadOnly {
                reason: Arc::clone(reason),
            });
        }
        if state.waiting.len() >= self.limit {
            return Err(Error::Overloaded {
                retry_after: RETRY_AFTER,
            });
        }
        state.waiting.push_back(submission);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Asks for the end of the log, after what waits. No more entries are taken from now on, unless the end fails.
    pub(crate) fn end(&self, ending: Ending) -> Result<(), Error> {
        let mut state = self.lock();
        if state.is_frozen {
            return Err(Error::Frozen);
        }
        if let Some(reason) = &state.closed {
            return Err(Error::ReadOnly {
                reason: Arc::clone(reason),
            });
        }
        state.is_ending = true;
        state.endings.push(ending);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes entries again after an end that failed.
    pub(crate) fn resume(&self) {
        self.lock().is_ending = false;
    }

    /// Marks the log as ended.
    pub(crate) fn freeze(&self) {
        self.lock().is_frozen = true;
        self.close(&FROZEN.into());
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.lock().is_frozen
    }

    /// Asks the log's thread, which owns the journal, to trim it.
    pub(crate) fn trim(&self, below_size: u64) {
        let mut state = self.lock();
        state.trim_below = state.trim_below.max(Some(below_size));
        drop(state);
        self.changed.notify_one();
    }

    /// Takes no more submissions; those that wait are still handed out. The first reason stays.
    pub(crate) fn close(&self, reason: &Arc<str>) {
        let mut state = self.lock();
        state.closed.get_or_insert_with(|| Arc::clone(reason));
        drop(state);
        self.changed.notify_all();
    }

    /// Takes no more submissions and drops those that wait: their senders learn that the answer is not coming.
    pub(crate) fn abandon(&self, reason: &Arc<str>) {
        self.close(reason);
        let mut state = self.lock();
        state.waiting.clear();
        state.endings.clear();
    }

    /// Waits for work, at most until `idle` has passed, and then gives none; `None` when the queue is closed and empty.
    pub(crate) fn take(&self, at_most: usize, idle: Option<Duration>) -> Option<Work> {
        let nothing_to_do = |state: &mut State| {
            state.waiting.is_empty()
                && state.trim_below.is_none()
                && state.endings.is_empty()
                && state.closed.is_none()
        };
        let mut state = match idle {
            Some(idle) => {
                let waited = self
                    .changed
                    .wait_timeout_while(self.lock(), idle, nothing_to_do);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.changed.wait_while(self.lock(), nothing_to_do);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        let trim_below = state.trim_below.take();
        let is_empty = state.waiting.is_empty() && trim_below.is_none() && state.endings.is_empty();
        if is_empty && state.closed.is_some() {
            return None;
        }
        let count = at_most.min(state.waiting.len());
        let rest = state.waiting.split_off(count);
        let submissions = std::mem::replace(&mut state.waiting, rest);
        let is_last = submissions.is_empty() && state.waiting.is_empty();
        let endings = if is_last {
            std::mem::take(&mut state.endings)
        } else {
            Vec::new()
        };
        Some(Work {
            submissions,
            trim_below,
            endings,
        })
    }

    /// Waits for a moment; a closed queue does not wait.
    pub(crate) fn wait_until(&self, moment: Instant) {
        let Some(left) = moment.checked_duration_since(Instant::now()) else {
            return;
        };
        drop(
            self.changed
                .wait_timeout_while(self.lock(), left, |state| state.closed.is_none()),
        );
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    pub(crate) fn closed(&self) -> Option<Arc<str>> {
        self.lock().closed.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const FROZEN: &str = "the log is frozen: it has its last checkpoint";

/// A full queue is worked off in less.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
