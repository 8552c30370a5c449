use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
    /// How many are handed out at once.
    round_limit: usize,
    /// How many entries are on their way: announced, and not yet pushed or given up.
    coming: AtomicUsize,
    frozen: AtomicBool,
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
            let _state = self.0.lock();
            self.0.changed.notify_one();
        }
    }
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
    /// Why nothing more is taken.
    closed: Option<Arc<str>>,
    /// Why the operator wants nothing to be taken for now.
    paused: Option<Arc<str>>,
}

impl State {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.trim_below.is_none() && self.endings.is_empty()
    }

    fn hand_out(&mut self, at_most: usize) -> Option<Work> {
        if self.is_empty() && self.closed.is_some() {
            return None;
        }
        let count = at_most.min(self.waiting.len());
        let rest = self.waiting.split_off(count);
        let submissions = std::mem::replace(&mut self.waiting, rest);
        let is_last = submissions.is_empty() && self.waiting.is_empty();
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

/// What the log's thread does next.
pub(crate) struct Work {
    pub(crate) submissions: VecDeque<Submission>,
    pub(crate) trim_below: Option<u64>,
    /// Given once nothing waits any more.
    pub(crate) endings: Vec<Ending>,
}

impl Queue {
    pub(crate) fn new(limit: usize, round_limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit,
            round_limit: round_limit.max(1),
            coming: AtomicUsize::new(0),
            frozen: AtomicBool::new(false),
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
        let mut state = self.lock();
        if self.is_frozen() {
            return Err(Error::Frozen);
        }
        if state.is_ending {
            return Err(Error::Ending);
        }
        if let Some(reason) = &state.closed {
            return Err(Error::ReadOnly {
                reason: Arc::clone(reason),
            });
        }
        if let Some(reason) = &state.paused {
            return Err(Error::Paused {
                reason: Arc::clone(reason),
            });
        }
        if state.waiting.len() >= self.limit {
            return Err(Error::Overloaded {
                retry_after: RETRY_AFTER,
            });
        }
        state.waiting.push_back(submission);
        let is_first = state.waiting.len() == 1;
        let is_full = state.waiting.len() == self.round_limit;
        let is_last = announcement.is_some_and(Announcement::arrive);
        drop(state);
        // Those between find the thread at work, or waiting for what is still coming.
        if is_first || is_last || is_full {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Asks for the end of the log, after what waits. No more entries are taken from now on, unless the end fails.
    pub(crate) fn end(&self, ending: Ending) -> Result<(), Error> {
        let mut state = self.lock();
        if self.is_frozen() {
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

    /// Takes no entries while there is a reason; those that wait are still handed out.
    pub(crate) fn pause(&self, reason: Option<Arc<str>>) {
        self.lock().paused = reason;
    }

    /// Marks the log as ended.
    pub(crate) fn freeze(&self) {
        self.frozen.store(true, Ordering::Release);
        self.close(&FROZEN.into());
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::Acquire)
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
    ///
    /// Once there is some it waits for the submissions that are coming, as long as `patience` at most.
    pub(crate) fn take(&self, idle: Option<Duration>, patience: Duration) -> Option<Work> {
        let state = self.wait_for_work(idle);
        let more_come = |state: &mut State| {
            (1..self.round_limit).contains(&state.waiting.len())
                && state.closed.is_none()
                && self.coming.load(Ordering::Acquire) > 0
        };
        let waited = self.changed.wait_timeout_while(state, patience, more_come);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.hand_out(self.round_limit)
    }

    fn wait_for_work(&self, idle: Option<Duration>) -> MutexGuard<'_, State> {
        let nothing_to_do = |state: &mut State| state.is_empty() && state.closed.is_none();
        let Some(idle) = idle else {
            let waited = self.changed.wait_while(self.lock(), nothing_to_do);
            return waited.unwrap_or_else(PoisonError::into_inner);
        };
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), idle, nothing_to_do);
        waited.unwrap_or_else(PoisonError::into_inner).0
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

#[cfg(test)]
mod tests {
    use std::thread;

    use sigstead_merkle::LeafIndex;

    use super::*;
    use crate::{SealError, SealedEntry};

    struct Entry;

    impl PendingEntry for Entry {
        fn deduplication_key(&self) -> Option<[u8; 32]> {
            None
        }

        fn seal(&self, _: LeafIndex, _: u64) -> Result<SealedEntry, SealError> {
            Err("never sealed".into())
        }
    }

    fn push(queue: &Queue, announcement: Option<Announcement<'_>>) -> Result<(), Error> {
        let submission = Submission {
            entry: Box::new(Entry),
            deduplication_key: None,
            answer: oneshot::channel().0,
        };
        queue.push(submission, announcement)
    }

    fn taken(queue: &Queue, patience: Duration) -> usize {
        let work = queue.take(None, patience).unwrap();
        work.submissions.len()
    }

    #[test]
    fn a_round_takes_those_that_are_coming_with_it() {
        let queue = Queue::new(10, 10);
        let announced = [queue.announce(), queue.announce()];
        push(&queue, None).unwrap();
        thread::scope(|scope| {
            let round = scope.spawn(|| taken(&queue, FOREVER));
            for announcement in announced {
                push(&queue, Some(announcement)).unwrap();
            }
            assert_eq!(round.join().unwrap(), 3);
        });
    }

    #[test]
    fn a_round_does_not_wait_for_what_is_taken_back() {
        let queue = Queue::new(10, 10);
        let announcement = queue.announce();
        push(&queue, None).unwrap();
        thread::scope(|scope| {
            let round = scope.spawn(|| taken(&queue, FOREVER));
            drop(announcement);
            assert_eq!(round.join().unwrap(), 1);
        });
    }

    #[test]
    fn a_round_waits_no_longer_than_its_patience_and_not_at_all_when_the_queue_is_closed() {
        let queue = Queue::new(10, 10);
        let _never_comes = queue.announce();
        push(&queue, None).unwrap();
        assert_eq!(taken(&queue, Duration::from_millis(1)), 1);
        push(&queue, None).unwrap();
        queue.close(&"over".into());
        assert_eq!(taken(&queue, FOREVER), 1);
        assert!(queue.take(None, FOREVER).is_none());
    }

    #[test]
    fn a_round_that_is_full_waits_for_nobody() {
        let queue = Queue::new(10, 2);
        let _never_comes = queue.announce();
        push(&queue, None).unwrap();
        thread::scope(|scope| {
            let round = scope.spawn(|| taken(&queue, FOREVER));
            push(&queue, None).unwrap();
            assert_eq!(round.join().unwrap(), 2);
        });
        for _ in 0..3 {
            push(&queue, None).unwrap();
        }
        assert_eq!(taken(&queue, FOREVER), 2);
    }

    #[test]
    fn a_pause_keeps_out_what_comes_and_nothing_else() {
        let queue = Queue::new(10, 10);
        push(&queue, None).unwrap();
        queue.pause(Some("disk is moved".into()));
        let refused = push(&queue, None);
        assert!(matches!(refused, Err(Error::Paused { reason }) if &*reason == "disk is moved"));
        assert_eq!(taken(&queue, FOREVER), 1);
        queue.pause(None);
        push(&queue, None).unwrap();
    }

    #[test]
    fn refuses_more_than_its_limit() {
        let queue = Queue::new(1, 10);
        push(&queue, None).unwrap();
        assert!(matches!(push(&queue, None), Err(Error::Overloaded { .. })));
    }

    /// Longer than any test runs.
    const FOREVER: Duration = Duration::from_secs(3_600);
}
