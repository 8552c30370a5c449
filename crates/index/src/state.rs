use std::ops::Range;
use std::sync::Arc;

use crate::config::IndexConfig;
use crate::error::Error;
use crate::key::Key;
use crate::run::Run;
use crate::statistics::Statistics;
use crate::tail::Tail;

/// What an index consists of at one moment.
#[derive(Debug)]
pub(crate) struct State {
    /// Oldest first, without gaps.
    pub(crate) runs: Runs,
    /// What is being written as a run, or could not be.
    pub(crate) frozen: Option<Arc<Tail>>,
    /// Whether it could not be.
    pub(crate) has_failed: bool,
    pub(crate) tail: Tail,
}

/// Shared with those that read in them, who hold no lock meanwhile.
pub(crate) type Runs = Arc<Vec<Arc<Run>>>;

/// What there is to say of a key without reading files.
pub(crate) enum Known {
    /// This is its first position, or it has none.
    First(Option<u64>),
    /// The runs from this one on may have it; if they do not, what stands in memory tells.
    Perhaps(Runs, usize, Option<u64>),
}

impl State {
    pub(crate) fn new(runs: Vec<Arc<Run>>, room: usize) -> Self {
        let durable = end_of(&runs);
        Self {
            runs: Arc::new(runs),
            frozen: None,
            has_failed: false,
            tail: Tail::starting_at(durable, room),
        }
    }

    pub(crate) fn durable(&self) -> u64 {
        end_of(&self.runs)
    }

    pub(crate) fn covered(&self) -> u64 {
        self.tail.covers().end
    }

    /// Postings that stand in memory.
    pub(crate) fn in_memory(&self) -> usize {
        self.tail.len() + self.frozen.as_ref().map_or(0, |tail| tail.len())
    }

    /// Takes in what follows, if there is room.
    pub(crate) fn extend(
        &mut self,
        entries: &Range<u64>,
        postings: &[(Key, u64)],
        room: usize,
    ) -> Result<(), Error> {
        let covered = self.covered();
        if entries.start != covered || entries.end < covered || self.in_memory() > room {
            return Err(Error::Gap {
                covered,
                position: entries.start,
            });
        }
        self.tail.extend(entries.end, postings);
        Ok(())
    }

    pub(crate) fn positions_in_memory(&self, key: &Key) -> impl Iterator<Item = u64> {
        let frozen = self.frozen.iter().flat_map(|tail| tail.positions(key));
        frozen.chain(self.tail.positions(key))
    }

    pub(crate) fn first_in_memory(&self, key: &Key) -> Option<u64> {
        let frozen = self.frozen.as_ref().and_then(|tail| tail.first(key));
        frozen.or_else(|| self.tail.first(key))
    }

    pub(crate) fn first(&self, key: &Key) -> Known {
        let in_memory = self.first_in_memory(key);
        match self.runs.iter().position(|run| run.may_have(key)) {
            None => Known::First(in_memory),
            Some(number) => Known::Perhaps(Arc::clone(&self.runs), number, in_memory),
        }
    }

    /// Whether something waits for [`crate::Index::maintain`].
    pub(crate) fn is_due(&self, config: &IndexConfig) -> bool {
        self.has_failed
            || self.tail.len() >= config.tail_postings
            || first_damaged(&self.runs).is_some()
            || mergeable(&self.runs, config).is_some()
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let in_runs: u64 = self.runs.iter().map(|run| run.footer.postings).sum();
        let tail_postings = self.in_memory();
        Statistics {
            runs: self.runs.len(),
            postings: in_runs + tail_postings as u64,
            tail_postings,
            filter_bytes: filter_bytes(&self.runs),
        }
    }
}

/// How far runs reach.
fn end_of(runs: &[Arc<Run>]) -> u64 {
    runs.last().map_or(0, |run| run.footer.covers.end)
}

pub(crate) fn filter_bytes(runs: &[Arc<Run>]) -> usize {
    runs.iter().map(|run| run.filter_bytes()).sum()
}

/// The first run of which something was found to be damaged.
pub(crate) fn first_damaged(runs: &[Arc<Run>]) -> Option<usize> {
    runs.iter().position(|run| run.is_damaged())
}

/// From which run on all are of about one size, if they are enough to become one.
pub(crate) fn mergeable(runs: &[Arc<Run>], config: &IndexConfig) -> Option<usize> {
    let fan_out = config.fan_out.max(2);
    let class = |run: &Run| {
        let tails = run.footer.postings / config.tail_postings.max(1) as u64;
        tails.max(1).ilog(fan_out as u64)
    };
    let newest = class(runs.last()?);
    let equal = runs
        .iter()
        .rev()
        .take_while(|run| class(run) <= newest)
        .count();
    (equal >= fan_out).then_some(runs.len() - equal)
}
