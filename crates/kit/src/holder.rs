use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::room::{ANSWERS, REQUESTS, Share};

/// What one connection may hold at once; or one caller for whom proxies speak, because a connection of theirs is that of many.
///
/// The tasks of requests write the counters. A count that another task reads may have been another a moment ago, which
/// costs a refusal or an answer more and nothing else.
#[derive(Debug)]
pub(crate) struct Holder {
    born: Instant,
    pub(crate) requests: Arc<Share>,
    pub(crate) answers: Arc<Share>,
    watches: Arc<AtomicUsize>,
    /// Milliseconds since `born` until which it was told to wait because there was no room for an answer.
    told_to_wait: AtomicU64,
}

impl Holder {
    pub(crate) fn new() -> Self {
        Self {
            born: Instant::now(),
            requests: Arc::new(Share::of(&REQUESTS)),
            answers: Arc::new(Share::of(&ANSWERS)),
            watches: Arc::default(),
            told_to_wait: AtomicU64::new(0),
        }
    }

    pub(crate) fn has_to_wait(&self, time: Duration) {
        let until = (self.born.elapsed() + time).as_millis() as u64;
        self.told_to_wait.store(until, Ordering::Relaxed);
    }

    pub(crate) fn takes_its_answers(&self) -> bool {
        let until = self.told_to_wait.load(Ordering::Relaxed);
        let now = self.born.elapsed().as_millis() as u64;
        now >= until && !self.answers.is_crowded()
    }

    pub(crate) fn seat(&self) -> Option<Seat> {
        let seat = |taken: usize| (taken < WATCHES).then_some(taken + 1);
        let watches = &self.watches;
        let taken = watches.fetch_update(Ordering::Relaxed, Ordering::Relaxed, seat);
        taken.ok().map(|_| Seat(Arc::clone(watches)))
    }
}

/// A place for a stream without an end.
#[derive(Debug)]
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A service or console watches a few things at once; each costs a task.
const WATCHES: usize = 16;
