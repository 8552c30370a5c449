//! What keeps entries out for now: the log says so, and that it has passed, without being asked for an entry.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::failure::{Dead, Failure};
use crate::head_signer::Place;
use crate::round::Draft;
use crate::shared::lock;

/// Why one part of the log cannot go on until something outside of it changes.
#[derive(Default)]
pub(crate) struct Hindrance(Mutex<Option<Arc<str>>>);

impl Hindrance {
    pub(crate) fn set(&self, log: &str, reason: String) {
        let before = lock(&self.0).replace(reason.as_str().into());
        if before.is_none() {
            tracing::warn!(log, reason, "the log is hindered");
        }
    }

    pub(crate) fn clear(&self, log: &str) {
        if let Some(reason) = lock(&self.0).take() {
            tracing::info!(log, %reason, "the log is hindered no more");
        }
    }

    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        lock(&self.0).clone()
    }
}

/// What the log's thread tries out, and when, because the last round was not committed.
pub(crate) struct Recheck {
    at: Instant,
    /// Room of this size was last missing.
    bytes: usize,
}

impl Engine {
    /// Says what kept a round from being committed.
    pub(crate) fn hinder(&mut self, failure: &Failure) {
        let Some(reason) = failure.passes() else {
            return;
        };
        self.shared.hindrance.set(&self.shared.name, reason);
        self.recheck = Some(Recheck {
            at: Instant::now() + RECHECK,
            bytes: failure.bytes(),
        });
    }

    /// Says that nothing does any more, because a round of so many bytes could be committed. A smaller one than there was
    /// no room for shows nothing: it may have taken the last of the old room.
    pub(crate) fn unhinder(&mut self, bytes: usize) {
        if self
            .recheck
            .take_if(|missing| missing.bytes <= bytes)
            .is_some()
        {
            self.shared.hindrance.clear(&self.shared.name);
        }
    }

    /// How long the thread may wait for work.
    pub(crate) fn until_recheck(&self) -> Option<Duration> {
        let recheck = self.recheck.as_ref()?;
        Some(recheck.at.saturating_duration_since(Instant::now()))
    }

    /// Looks whether a round could be committed again; where a service gets no requests while it is not ready, no round
    /// would show it.
    pub(crate) fn recheck(&mut self) -> Result<(), Dead> {
        let bytes = match &self.recheck {
            Some(recheck) if recheck.at <= Instant::now() => recheck.bytes,
            _ => return Ok(()),
        };
        match self.try_out(bytes) {
            Ok(()) => {
                self.unhinder(bytes);
                Ok(())
            }
            Err(failure) => {
                self.hinder(&failure);
                failure.into_result()
            }
        }
    }

    /// All that comes before a commit, over the head and the time that are published already, so that a signature says
    /// nothing new.
    fn try_out(&mut self, bytes: usize) -> Result<(), Failure> {
        self.time()?;
        self.journal.reserve(bytes).map_err(Failure::of_reserving)?;
        let published = self.shared.published();
        let nothing_new = Draft::empty(published.time_millis);
        self.prepare(&nothing_new, &published, Place::Within)
            .map(drop)
    }
}

const RECHECK: Duration = Duration::from_secs(1);
