//! What waits for the log's thread, and what keeps the next entry out.

mod phase;
pub(crate) mod submission;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::lock::lock;
use crate::queue::phase::Phase;
use crate::queue::submission::{Ending, Submission, Work};

/// What waits for the log's thread, up to a limit.
///
/// A lock and a condition instead of a channel, because the thread takes all that waits at once.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    limit: usize,
    /// How many are handed out at once.
    round_limit: usize,
    /// How many entries are on their way: announced, and not yet pushed or given up.
    coming: AtomicUsize,
}

/// An entry on its way into the queue.
pub(crate) struct Announcement<'a>(&'a Queue);

impl Announcement<'_> {
    /// Counts it as arrived; tells whether it was the last.
    fn arrive(self) -> bool {
        let queue = self.0;
        std::mem::forget(self);
        queue.coming.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        if self.0.coming.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Under the lock, or the thread could miss it between its look and its wait.
            let _waiting = lock(&self.0.waiting);
            self.0.changed.notify_one();
        }
    }
}

#[derive(Default)]
struct Waiting {
    submissions: VecDeque<Submission>,
    trim_below: Option<u64>,
    /// Who has asked for the end of the log.
    endings: Vec<Ending>,
    phase: Phase,
    /// Why the operator wants nothing to be taken for now.
    paused: Option<Arc<str>>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.submissions.is_empty() && self.trim_below.is_none() && self.endings.is_empty()
    }

    fn admit(&self, limit: usize) -> Result<(), Error> {
        self.phase.admit()?;
        if let Some(reason) = &self.paused {
            return Err(Error::Paused {
                reason: Arc::clone(reason),
            });
        }
        if self.submissions.len() >= limit {
            return Err(Error::Overloaded {
                retry_after: RETRY_AFTER,
            });
        }
        Ok(())
    }

    fn hand_out(&mut self, at_most: usize) -> Option<Work> {
        if self.is_empty() && self.phase.is_over() {
            return None;
        }
        let count = at_most.min(self.submissions.len());
        let rest = self.submissions.split_off(count);
        let submissions = std::mem::replace(&mut self.submissions, rest);
        let is_last = submissions.is_empty() && self.submissions.is_empty();
        let endings = if is_last {
            std::mem::take(&mut self.endings)
        } else {
            Vec::new()
        };
        Some(Work {
            submissions,
            trim_below: self.trim_below.take(),
            endings,
        })
    }
}

impl Queue {
    pub(crate) fn new(limit: usize, round_limit: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            limit,
            round_limit: round_limit.max(1),
            coming: AtomicUsize::new(0),
        }
    }

    /// Says that a submission is about to come.
    pub(crate) fn announce(&self) -> Announcement<'_> {
        self.coming.fetch_add(1, Ordering::AcqRel);
        Announcement(self)
    }

    pub(crate) fn push(
        &self,
        submission: Submission,
        announcement: Option<Announcement<'_>>,
    ) -> Result<(), Error> {
        let mut waiting = lock(&self.waiting);
        waiting.admit(self.limit)?;
        waiting.submissions.push_back(submission);
        let is_first = waiting.submissions.len() == 1;
        let is_full = waiting.submissions.len() == self.round_limit;
        let is_last = announcement.is_some_and(Announcement::arrive);
        drop(waiting);
        // Those between find the thread at work, or waiting for what is still coming.
        if is_first || is_last || is_full {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Asks for the end of the log, after what waits. No more entries are taken from now on, unless the end fails.
    pub(crate) fn end(&self, ending: Ending) -> Result<(), Error> {
        let mut waiting = lock(&self.waiting);
        waiting.phase.end()?;
        waiting.endings.push(ending);
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes entries again after an end that failed, unless another has asked for the end meanwhile: an entry that came now
    /// would be handed out after the last head.
    pub(crate) fn resume(&self) {
        let mut waiting = lock(&self.waiting);
        if waiting.endings.is_empty() {
            waiting.phase.resume();
        }
    }

    /// Takes no entries while there is a reason; those that wait are still handed out.
    pub(crate) fn pause(&self, reason: Option<Arc<str>>) {
        lock(&self.waiting).paused = reason;
    }

    /// Marks the log as ended.
    pub(crate) fn freeze(&self) {
        lock(&self.waiting).phase.freeze();
        self.changed.notify_all();
    }

    pub(crate) fn is_frozen(&self) -> bool {
        lock(&self.waiting).phase.is_frozen()
    }

    /// Asks the log's thread, which owns the journal, to trim it.
    pub(crate) fn trim(&self, below_size: u64) {
        let mut waiting = lock(&self.waiting);
        waiting.trim_below = waiting.trim_below.max(Some(below_size));
        drop(waiting);
        self.changed.notify_one();
    }

    /// Takes no more submissions; those that wait are still handed out. The first reason stays.
    pub(crate) fn close(&self, reason: &Arc<str>) {
        lock(&self.waiting).phase.stop(reason);
        self.changed.notify_all();
    }

    /// Takes no more submissions and drops those that wait: their senders learn that the answer is not coming.
    pub(crate) fn abandon(&self, reason: &Arc<str>) {
        self.close(reason);
        let mut waiting = lock(&self.waiting);
        waiting.submissions.clear();
        waiting.endings.clear();
    }

    /// Waits for work, at most until `idle` has passed, and then gives none; `None` when the queue is closed and empty.
    ///
    /// Once there is some it waits for the submissions that are coming, as long as `patience` at most.
    pub(crate) fn take(&self, idle: Option<Duration>, patience: Duration) -> Option<Work> {
        let waiting = self.wait_for_work(idle);
        let more_come = |waiting: &mut Waiting| {
            (1..self.round_limit).contains(&waiting.submissions.len())
                && !waiting.phase.is_over()
                && self.coming.load(Ordering::Acquire) > 0
        };
        let waited = self
            .changed
            .wait_timeout_while(waiting, patience, more_come);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.hand_out(self.round_limit)
    }

    fn wait_for_work(&self, idle: Option<Duration>) -> MutexGuard<'_, Waiting> {
        let waiting = lock(&self.waiting);
        let nothing_to_do = |waiting: &mut Waiting| waiting.is_empty() && !waiting.phase.is_over();
        let Some(idle) = idle else {
            let waited = self.changed.wait_while(waiting, nothing_to_do);
            return waited.unwrap_or_else(PoisonError::into_inner);
        };
        let waited = self
            .changed
            .wait_timeout_while(waiting, idle, nothing_to_do);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits for a moment; a closed queue does not wait.
    pub(crate) fn wait_until(&self, moment: Instant) {
        let Some(left) = moment.checked_duration_since(Instant::now()) else {
            return;
        };
        let waiting = lock(&self.waiting);
        drop(
            self.changed
                .wait_timeout_while(waiting, left, |waiting| !waiting.phase.is_over()),
        );
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.waiting).submissions.len()
    }

    /// Why nothing more is taken.
    pub(crate) fn closed(&self) -> Option<Arc<str>> {
        lock(&self.waiting).phase.reason()
    }
}

/// A full queue is worked off in less.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
