//! What is known of the keys of an issuer at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::key_set::KeySet;

/// Keys as they were found at a time.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) keys: Arc<KeySet>,
    /// When they were, or were read from the file of issuers.
    pub(crate) fetched_at: Instant,
    /// Whether the operator wrote them. They do not grow too old then.
    pub(crate) is_pinned: bool,
}

pub(crate) struct State {
    pub(crate) held: Option<Held>,
    pub(crate) next: Next,
    /// How many fetches failed since the last that did not.
    pub(crate) failures: u32,
    /// Since when they fail, and why the last did.
    pub(crate) failing: Option<(Instant, Error)>,
    /// When a token last had the keys fetched because its own was unknown.
    pub(crate) asked_at: Option<Instant>,
    /// Names of keys that were not there when they were asked for, and until when that counts.
    pub(crate) absent: VecDeque<(String, Instant)>,
}

/// When the next fetch begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has begun.
    Running,
    /// Not before.
    At(Instant),
    /// The operator wrote the keys.
    Never,
}

/// What a token without a known key can do.
pub(crate) enum Ask {
    /// Wait for the fetch that runs.
    Wait,
    /// Use keys that came since.
    Newer(Held),
    /// Give up.
    Refused(Error),
}

/// What a token finds when there are no keys.
pub(crate) enum First {
    Keys(Held),
    Wait,
    WaitUntil(Instant),
    Refused(Error),
}

impl Held {
    pub(crate) fn pinned(keys: KeySet) -> Self {
        Self {
            keys: Arc::new(keys),
            fetched_at: Instant::now(),
            is_pinned: true,
        }
    }

    /// Whether these are the keys of one fetch.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.keys, &other.keys)
    }
}

impl State {
    /// Why the last fetch failed, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failing.as_ref().map(|(_, error)| error.clone())
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        matches!(self.next, Next::At(begin) if begin <= now)
    }

    pub(crate) fn is_absent(&mut self, key_id: Option<&str>, now: Instant) -> bool {
        self.absent.retain(|(_, until)| now < *until);
        key_id.is_some_and(|key_id| self.absent.iter().any(|(absent, _)| absent == key_id))
    }

    pub(crate) fn remember_absent(&mut self, key_id: &str, now: Instant) {
        if key_id.len() > LONGEST_ABSENT {
            return;
        }
        if self.absent.len() >= MOST_ABSENT {
            self.absent.pop_front();
        }
        self.absent
            .push_back((key_id.to_owned(), now + ASK_INTERVAL));
    }
}

/// How often tokens with unknown keys have the keys fetched. More often, and anybody who can make up
/// tokens can make this service pester the issuer.
pub(crate) const ASK_INTERVAL: Duration = Duration::from_secs(60);
/// How many names of absent keys are kept, and how long ones. Strangers make them up.
const MOST_ABSENT: usize = 100;
const LONGEST_ABSENT: usize = 256;
