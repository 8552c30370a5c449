//! What fetches share: the client, and how many run at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fetch::Fetch;
use crate::home_cluster::HomeCluster;

/// What fetches need, shared by all issuers.
pub(crate) struct Fetching {
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) limit: FetchLimit,
    /// The cluster that this service runs in.
    pub(crate) home: Option<HomeCluster>,
}

/// The places in which fetches run: 80 in all, in three parts, so that neither strangers nor issuers that anybody may open at
/// the host of a pattern take one of an issuer that the operator named. Of those there are as many as a file may have issuers
/// whose servers do not answer, before one that does waits for them when the service starts. Names that are not answered are
/// fewer: `resolver.rs` counts them.
pub(crate) struct FetchLimit {
    known: Arc<Semaphore>,
    proven: Arc<Semaphore>,
    strange: Arc<Semaphore>,
}

/// The places of the issuers of one pattern that have no keys yet. Strangers make up such issuers.
#[derive(Clone)]
pub(crate) struct PatternLimit {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// In whose places a fetch runs.
#[derive(Clone)]
pub(crate) enum Lane {
    /// An issuer that the operator named.
    Known,
    /// An issuer of a pattern that had keys before.
    Proven,
    /// An issuer that a token named.
    Strange(PatternLimit),
}

/// A place in the queue of its lane.
pub(crate) struct Queued {
    lane: Lane,
    _waiting: Option<OwnedSemaphorePermit>,
}

/// A place to run in.
pub(crate) struct Running {
    _own: Option<OwnedSemaphorePermit>,
    _shared: Option<OwnedSemaphorePermit>,
}

impl FetchLimit {
    pub(crate) fn new() -> Self {
        Self {
            known: Arc::new(Semaphore::new(KNOWN_FETCHES)),
            proven: Arc::new(Semaphore::new(PROVEN_FETCHES)),
            strange: Arc::new(Semaphore::new(STRANGE_FETCHES)),
        }
    }

    /// Waits for a place. The semaphores are never closed, so there always is one in the end.
    pub(crate) async fn run(&self, queued: &Queued) -> Running {
        match &queued.lane {
            Lane::Known => Running {
                _own: None,
                _shared: self.known.clone().acquire_owned().await.ok(),
            },
            Lane::Proven => Running {
                _own: None,
                _shared: self.proven.clone().acquire_owned().await.ok(),
            },
            Lane::Strange(pattern) => Running {
                _own: pattern.running.clone().acquire_owned().await.ok(),
                _shared: self.strange.clone().acquire_owned().await.ok(),
            },
        }
    }
}

impl PatternLimit {
    pub(crate) fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(FETCHES_OF_PATTERN)),
            waiting: Arc::new(Semaphore::new(QUEUE_OF_PATTERN)),
        }
    }
}

impl Lane {
    /// A place in the queue, or none if it is full. That of known issuers is as long as their list, and that of issuers with
    /// keys as long as what is remembered of them.
    pub(crate) fn queue(&self) -> Option<Queued> {
        let waiting = match self {
            Self::Known | Self::Proven => None,
            Self::Strange(pattern) => Some(pattern.waiting.clone().try_acquire_owned().ok()?),
        };
        Some(Queued {
            lane: self.clone(),
            _waiting: waiting,
        })
    }
}

const KNOWN_FETCHES: usize = 64;
const PROVEN_FETCHES: usize = 8;
const STRANGE_FETCHES: usize = 8;
/// More, and who makes up issuers of one pattern crowds out those of the others.
const FETCHES_OF_PATTERN: usize = 2;
/// Each costs a task and the memory of its issuer.
const QUEUE_OF_PATTERN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_of_a_pattern_run_and_a_queue_is_as_long_as_it_is() {
        let limit = FetchLimit::new();
        let lane = Lane::Strange(PatternLimit::new());
        let queued: Vec<_> = std::iter::from_fn(|| lane.queue()).collect();
        assert_eq!(queued.len(), QUEUE_OF_PATTERN);
        let first = limit.run(&queued[0]).await;
        let _second = limit.run(&queued[1]).await;
        let mut third = Box::pin(limit.run(&queued[2]));
        assert!(futures::poll!(third.as_mut()).is_pending());
        let other = Lane::Strange(PatternLimit::new()).queue().unwrap();
        let _other = limit.run(&other).await;
        let _known = limit.run(&Lane::Known.queue().unwrap()).await;
        drop(first);
        let _third = third.await;
        drop(queued);
        assert!(lane.queue().is_some());
    }

    #[tokio::test]
    async fn strangers_and_issuers_of_patterns_leave_places_to_known_issuers() {
        let limit = FetchLimit::new();
        let mut running = Vec::new();
        for _ in 0..STRANGE_FETCHES / FETCHES_OF_PATTERN {
            let lane = Lane::Strange(PatternLimit::new());
            for _ in 0..FETCHES_OF_PATTERN {
                running.push(limit.run(&lane.queue().unwrap()).await);
            }
        }
        let queued = Lane::Strange(PatternLimit::new()).queue().unwrap();
        assert!(futures::poll!(Box::pin(limit.run(&queued))).is_pending());
        for _ in 0..PROVEN_FETCHES {
            running.push(limit.run(&Lane::Proven.queue().unwrap()).await);
        }
        let proven = Lane::Proven.queue().unwrap();
        assert!(futures::poll!(Box::pin(limit.run(&proven))).is_pending());
        for _ in 0..KNOWN_FETCHES {
            running.push(limit.run(&Lane::Known.queue().unwrap()).await);
        }
        assert_eq!(running.len(), 80);
    }
}
