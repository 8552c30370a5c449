use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::hindrance::Hindrance;
use crate::queue::RETRY_AFTER;
use crate::tree::edge::{Edge, WIDTH};

/// What waits in memory for cold storage. Its keeper writes it; the log's thread notes how much is held after each round.
pub(crate) struct Backlog {
    /// Why cold storage takes nothing for now.
    pub(crate) hindrance: Hindrance,
    /// How many bundles are in cold storage.
    flushed: AtomicU64,
    /// How many bytes of entries are in memory.
    held_bytes: AtomicU64,
}

impl Backlog {
    /// That of a log which has `flushed` bundles in cold storage.
    pub(crate) fn new(flushed: u64, edge: &Edge) -> Self {
        Self {
            hindrance: Hindrance::default(),
            flushed: AtomicU64::new(flushed),
            held_bytes: AtomicU64::new(edge.entry_bytes()),
        }
    }

    /// Notes how much memory the edge takes by now.
    pub(crate) fn note_held(&self, edge: &Edge) {
        self.held_bytes.store(edge.entry_bytes(), Ordering::Release);
    }

    /// Notes that all bundles up to a number are in cold storage.
    pub(crate) fn note_flushed(&self, bundles: u64) {
        self.flushed.store(bundles, Ordering::Release);
    }

    pub(crate) fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    /// Refuses entries of a log of `size` that has too much in memory.
    pub(crate) fn admit(&self, size: u64) -> Result<(), Error> {
        if !self.is_too_long(size) {
            return Ok(());
        }
        Err(match self.hindrance.reason() {
            Some(reason) => Error::ColdLags { reason },
            None => Error::Overloaded {
                retry_after: RETRY_AFTER,
            },
        })
    }

    /// Why entries of a log of `size` are refused, if cold storage is the reason.
    pub(crate) fn hinders(&self, size: u64) -> Option<Arc<str>> {
        let reason = self.hindrance.reason();
        reason.filter(|_| self.is_too_long(size))
    }

    fn is_too_long(&self, size: u64) -> bool {
        let waiting = (size / WIDTH).saturating_sub(self.flushed());
        waiting > BUNDLES_IN_MEMORY || self.held_bytes.load(Ordering::Acquire) > BYTES_IN_MEMORY
    }
}

/// A few seconds of a busy log; about 25 MiB of entries of common size.
const BUNDLES_IN_MEMORY: u64 = 64;

/// More than one bundle ever has, so that those that are full can make room.
const BYTES_IN_MEMORY: u64 = 128 * 1024 * 1024;
