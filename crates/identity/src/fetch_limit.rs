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
/// fewer: `resolver.rs` counts them. Beside the 80 each pattern has a place for each kind of its issuers, so that it does not
/// wait for those of other patterns, whatever they do.
pub(crate) struct FetchLimit {
    known: Arc<Semaphore>,
    proven: Arc<Semaphore>,
    strange: Arc<Semaphore>,
}

/// The places of the issuers of one pattern.
#[derive(Clone)]
pub(crate) struct PatternLimit {
    /// Of those that have no keys yet. Strangers make up such issuers.
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// The places that no other pattern takes.
    own_strange: Arc<Semaphore>,
    own_proven: Arc<Semaphore>,
}

/// In whose places a fetch runs.
#[derive(Clone)]
pub(crate) enum Lane {
    /// An issuer that the operator named.
    Known,
    /// An issuer of a pattern that had keys before.
    Proven(PatternLimit),
    /// An issuer that a token named.
    Strange(PatternLimit),
}

/// A place in the queue of its lane.
pub(crate) struct Queued {
    lane: Lane,
    _waiting: Option<OwnedSemaphorePermit>,
}

/// A place to run in.
struct Running {
    _of_pattern: Option<OwnedSemaphorePermit>,
    _place: Option<OwnedSemaphorePermit>,
}

/// All that a fetch holds while it runs. Looking up a name may take longer than the fetch, and holds it as long: so an issuer
/// has one such call under way, and a pattern as many as it has places.
pub(crate) struct Held {
    _turn: Option<OwnedSemaphorePermit>,
    _running: Running,
    _queued: Queued,
}

tokio::task_local! {
    static HELD: Arc<Held>;
}

impl FetchLimit {
    pub(crate) fn new() -> Self {
        Self {
            known: Arc::new(Semaphore::new(KNOWN_FETCHES)),
            proven: Arc::new(Semaphore::new(PROVEN_FETCHES)),
            strange: Arc::new(Semaphore::new(STRANGE_FETCHES)),
        }
    }

    /// Waits for the turn of the issuer, and for a place then.
    pub(crate) async fn hold(&self, queued: Queued, turn: &Arc<Semaphore>) -> Arc<Held> {
        let turn = turn.clone().acquire_owned().await.ok();
        let running = self.run(&queued).await;
        Arc::new(Held {
            _turn: turn,
            _running: running,
            _queued: queued,
        })
    }

    /// Waits for a place. The semaphores are never closed, so there always is one in the end.
    async fn run(&self, queued: &Queued) -> Running {
        match &queued.lane {
            Lane::Known => Running {
                _of_pattern: None,
                _place: self.known.clone().acquire_owned().await.ok(),
            },
            Lane::Proven(pattern) => Running {
                _of_pattern: None,
                _place: one_of(&pattern.own_proven, &self.proven).await,
            },
            Lane::Strange(pattern) => Running {
                _of_pattern: pattern.running.clone().acquire_owned().await.ok(),
                _place: one_of(&pattern.own_strange, &self.strange).await,
            },
        }
    }
}

/// A place of a pattern's own, or else of those that all share.
async fn one_of(own: &Arc<Semaphore>, shared: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    tokio::select! {
        biased;
        own = own.clone().acquire_owned() => own.ok(),
        shared = shared.clone().acquire_owned() => shared.ok(),
    }
}

impl Held {
    /// Runs a fetch.
    pub(crate) async fn by<F: Future>(self: Arc<Self>, fetch: F) -> F::Output {
        HELD.scope(self, fetch).await
    }

    /// What the fetch holds that calls this.
    pub(crate) fn of_this_fetch() -> Option<Arc<Self>> {
        HELD.try_with(Arc::clone).ok()
    }
}

impl PatternLimit {
    pub(crate) fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(FETCHES_OF_PATTERN)),
            waiting: Arc::new(Semaphore::new(QUEUE_OF_PATTERN)),
            own_strange: Arc::new(Semaphore::new(OWN_OF_PATTERN)),
            own_proven: Arc::new(Semaphore::new(OWN_OF_PATTERN)),
        }
    }
}

impl Lane {
    /// A place in the queue, or none if it is full. That of known issuers is as long as their list, and that of issuers with
    /// keys as long as what is remembered of them.
    pub(crate) fn queue(&self) -> Option<Queued> {
        let waiting = match self {
            Self::Known | Self::Proven(_) => None,
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
const OWN_OF_PATTERN: usize = 1;
/// Each costs a task and the memory of its issuer.
const QUEUE_OF_PATTERN: usize = 32;

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

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
        for _ in 0..STRANGE_FETCHES {
            let lane = Lane::Strange(PatternLimit::new());
            for _ in 0..FETCHES_OF_PATTERN {
                running.push(limit.run(&lane.queue().unwrap()).await);
            }
        }
        let hostile = PatternLimit::new();
        for _ in 0..PROVEN_FETCHES + OWN_OF_PATTERN {
            let proven = Lane::Proven(hostile.clone()).queue().unwrap();
            running.push(limit.run(&proven).await);
        }
        let proven = Lane::Proven(hostile).queue().unwrap();
        assert!(futures::poll!(Box::pin(limit.run(&proven))).is_pending());
        for _ in 0..KNOWN_FETCHES {
            running.push(limit.run(&Lane::Known.queue().unwrap()).await);
        }
        assert_eq!(running.len(), 80 + STRANGE_FETCHES + OWN_OF_PATTERN);
        // Whatever the issuers of others hold, a pattern has a place for each kind of its own.
        let other = PatternLimit::new();
        for lane in [Lane::Strange(other.clone()), Lane::Proven(other)] {
            let first = lane.queue().unwrap();
            running.push(limit.run(&first).now_or_never().unwrap());
            let second = lane.queue().unwrap();
            assert!(futures::poll!(Box::pin(limit.run(&second))).is_pending());
        }
    }
}
