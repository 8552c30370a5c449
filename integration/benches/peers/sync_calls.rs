//! How many times each contestant makes the disk wait, by strace, outside of what is timed.

use std::path::PathBuf;

use anyhow::Result;

use crate::contestant::Contestant;
use crate::processes::Trace;
use crate::workload::{Arrivals, Load, Span, drive};
use crate::world::World;

/// Sync calls by name, per entry.
pub(crate) struct SyncCalls {
    pub(crate) entries: usize,
    pub(crate) calls: Vec<(&'static str, usize)>,
}

impl SyncCalls {
    /// Counts them under a load of a few seconds. strace slows what it watches, so that rounds are smaller or larger than
    /// in the timed runs.
    pub(crate) async fn count(
        world: &World,
        contestant: Contestant,
        clients: usize,
        span: Span,
    ) -> Result<Self> {
        let running = contestant.start(world, Trace::SyncCalls).await?;
        let arrivals = Arrivals::Clients(clients);
        let load = Load {
            target: running.target.clone(),
            bodies: world.entries(contestant.face(), span.entries(arrivals))?,
            once: contestant.face().is_once(),
        };
        let before = counts(running.traces());
        let measured = drive(&load, arrivals, span, &running.usage()).await?;
        let after = counts(running.traces());
        let calls = CALLS.iter().zip(before.iter().zip(after));
        Ok(Self {
            entries: measured.answered_in_all,
            calls: calls
                .map(|((name, _), (before, after))| (*name, after - before))
                .collect(),
        })
    }

    pub(crate) fn per_entry(&self) -> f64 {
        let calls: usize = self.calls.iter().map(|(_, calls)| calls).sum();
        calls as f64 / self.entries as f64
    }
}

fn counts(traces: &[PathBuf]) -> [usize; CALLS.len()] {
    let mut counts = [0; CALLS.len()];
    for trace in traces {
        let text = std::fs::read(trace).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            for (count, (_, marks)) in counts.iter_mut().zip(CALLS) {
                *count += usize::from(marks.iter().any(|mark| line.contains(mark)));
            }
        }
    }
    counts
}

/// What is counted, and how a line of strace shows it. A call that another thread interrupts has two lines, of which the
/// second begins with dots.
const CALLS: [(&str, &[&str]); 5] = [
    ("fsync", &[" fsync("]),
    ("fdatasync", &[" fdatasync("]),
    ("sync_file_range", &[" sync_file_range("]),
    ("msync", &[" msync("]),
    ("O_SYNC open", &["O_SYNC", "O_DSYNC"]),
];
