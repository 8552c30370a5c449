//! What is run in one pair, and what came of it.

use crate::contestant::Contestant;
use crate::workload::{Arrivals, Measured, Span};

/// A contestant and the load that it gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corner {
    pub(crate) contestant: Contestant,
    pub(crate) arrivals: Arrivals,
    pub(crate) span: Span,
}

/// Both runs of a pair.
pub(crate) struct Pair {
    pub(crate) ours: Measured,
    pub(crate) peer: Measured,
    /// The peer's processor time per insert over ours.
    pub(crate) cpu: f64,
}

impl Pair {
    /// Of the two figures of processor time a peer gets the one against us, because servers that never rest would pay for
    /// the waiting. Our own logs are compared by all that they do.
    pub(crate) fn new(contestant: Contestant, ours: Measured, peer: Measured) -> Self {
        let cpu = if matches!(contestant, Contestant::Grown(_)) {
            peer.cpu_in_all_millis / ours.cpu_in_all_millis
        } else {
            peer.cpu_millis.min(peer.cpu_in_all_millis)
                / ours.cpu_millis.max(ours.cpu_in_all_millis)
        };
        Self { ours, peer, cpu }
    }

    /// Whether nobody disturbed either run.
    pub(crate) fn is_quiet(&self) -> bool {
        [&self.ours, &self.peer]
            .iter()
            .all(|run| run.foreign <= 0.03 && run.steal <= 0.02)
    }
}
