//! The peers, what each needs to show its best, and what we mean to reach beside it.

use std::time::Duration;

use crate::contestant::Contestant;
use crate::report::Goals;
use crate::variant::{Curve, TokenAlgorithm, Variant};
use crate::workload::Span;

/// A peer and how it is met.
pub(crate) struct Opponent {
    pub(crate) peer: Contestant,
    /// The client counts of pairs with the same load.
    pub(crate) clients: &'static [usize],
    /// Where it does most.
    pub(crate) best: Best,
    /// The shortest warm-up and window in which its timers come round.
    pub(crate) least: Span,
    /// The client count of the count of sync calls.
    pub(crate) traced_clients: usize,
    /// What the reader must know.
    pub(crate) note: &'static str,
    /// For one client.
    pub(crate) goals_alone: Goals,
    /// For each at its best.
    pub(crate) goals_best: Goals,
}

/// The client counts at which ours and a peer do most.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Best {
    /// It does not matter.
    Unasked,
    /// Looked for, the peer's among these.
    Among(&'static [usize]),
    /// As another run found them.
    At([usize; 2]),
}

impl Opponent {
    /// Ours with the same interface.
    pub(crate) const fn ours(&self) -> Contestant {
        Contestant::Ours(self.peer.face())
    }

    /// The span of the count of sync calls, which is not timed.
    pub(crate) fn traced_span(&self) -> Span {
        Span {
            warm_up: self.least.warm_up.max(Duration::from_secs(1)),
            window: self.least.window.max(Duration::from_secs(4)),
        }
    }
}

/// For timers that are shorter than any window.
pub(crate) const NO_TIMERS: Span = Span {
    warm_up: Duration::ZERO,
    window: Duration::ZERO,
};

/// In the order of the report.
pub(crate) const OPPONENTS: [Opponent; 9] = [
    Opponent {
        peer: Contestant::TilesTuned,
        clients: &[1, 64, 256, 1_024],
        best: Best::Among(&[256, 1_024, 2_048, 4_096]),
        least: NO_TIMERS,
        traced_clients: 64,
        note: "",
        goals_alone: Goals {
            p50: Some(200.0),
            ..Goals::NONE
        },
        goals_best: Goals {
            per_second: Some(5.0),
            cpu: Some(8.0),
            memory: Some(5.0),
            ..Goals::NONE
        },
    },
    Opponent {
        peer: Contestant::TilesDefault,
        clients: &[256],
        best: Best::Unasked,
        // Its checkpoint comes every 10 s.
        least: Span {
            warm_up: Duration::from_secs(11),
            window: Duration::from_secs(22),
        },
        traced_clients: 64,
        note: "",
        goals_alone: Goals::NONE,
        goals_best: Goals::NONE,
    },
    Opponent {
        peer: Contestant::RekorV1,
        clients: &[1, 64],
        best: Best::Among(&[32, 64, 128]),
        least: NO_TIMERS,
        traced_clients: 64,
        note: "",
        goals_alone: Goals {
            p50: Some(40.0),
            ..Goals::NONE
        },
        goals_best: Goals {
            per_second: Some(50.0),
            cpu: Some(80.0),
            memory: Some(5.0),
            ..Goals::NONE
        },
    },
    Opponent {
        peer: Contestant::RekorV1Tuned,
        clients: &[1, 64],
        best: Best::Among(&[32, 64, 128]),
        least: NO_TIMERS,
        traced_clients: 64,
        note: "",
        goals_alone: Goals {
            p50: Some(40.0),
            ..Goals::NONE
        },
        goals_best: Goals {
            per_second: Some(50.0),
            cpu: Some(80.0),
            memory: Some(5.0),
            ..Goals::NONE
        },
    },
    fulcio(
        Variant::of(Curve::P256, TokenAlgorithm::Rs256),
        Best::Among(&[256, 1_024, 2_048]),
    ),
    fulcio(Variant::of(Curve::P256, TokenAlgorithm::Es256), FULCIO_BEST),
    fulcio(Variant::of(Curve::P384, TokenAlgorithm::Rs256), FULCIO_BEST),
    fulcio(Variant::of(Curve::P384, TokenAlgorithm::Es256), FULCIO_BEST),
    Opponent {
        peer: Contestant::Grown(1_000_000_000),
        clients: &[1, 64, 256],
        best: Best::Unasked,
        least: NO_TIMERS,
        traced_clients: 64,
        note: "our log with 1,000,000,000 entries before the first beside our empty one; ratios: what the entries cost. \
               Wanted: CPU at most x1.10, p99 at most x1.50, at most 32 MiB more",
        goals_alone: Goals::NONE,
        goals_best: Goals::NONE,
    },
];

const fn fulcio(variant: Variant, best: Best) -> Opponent {
    Opponent {
        peer: Contestant::Fulcio(variant),
        clients: &[1],
        best,
        // Its log publishes every 1.5 s.
        least: Span {
            warm_up: Duration::from_secs(4),
            window: Duration::from_secs(8),
        },
        traced_clients: 64,
        note: "",
        goals_alone: Goals {
            p50: Some(500.0),
            ..Goals::NONE
        },
        goals_best: Goals {
            per_second: Some(5.0),
            cpu: Some(5.0),
            memory: Some(5.0),
            ..Goals::NONE
        },
    }
}

/// As the search finds them with keys of P-256.
const FULCIO_BEST: Best = Best::At([64, 1_024]);
