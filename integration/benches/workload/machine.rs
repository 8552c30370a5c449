//! Who used the machine: no figure counts that was taken while others worked on it.

use std::time::Duration;

use anyhow::{Context, Result};

use super::usage::{self, Usage};

/// The counters of a moment, in milliseconds of processor.
pub(crate) struct Moment {
    user: f64,
    busy: f64,
    stolen: f64,
    total: f64,
    processes: f64,
    known_user: f64,
}

/// What happened between two moments.
pub(crate) struct Spent {
    pub(crate) processes_millis: f64,
    /// Share of the machine that programs used which are neither measured nor measure. The kernel's own work is left
    /// out: during a run it is work for the two.
    pub(crate) foreign: f64,
    busy: f64,
    pub(crate) steal: f64,
}

impl Spent {
    /// Whether a measurement may begin.
    pub(crate) fn is_idle(&self) -> bool {
        self.busy < 0.05 && self.steal < 0.01
    }

    pub(crate) fn print(&self) {
        println!(
            "idle proof: others use {:.1} % of {} processors, the host takes {:.1} %{}",
            self.busy * 100.0,
            std::thread::available_parallelism().map_or(1, usize::from),
            self.steal * 100.0,
            if self.is_idle() {
                ""
            } else {
                "   NOT IDLE: no figure below counts"
            },
        );
    }
}

impl Moment {
    pub(crate) fn now(usage: &Usage) -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let fields: Vec<f64> = stat
            .lines()
            .next()
            .context("no counters")?
            .split_whitespace()
            .skip(1)
            .map(|ticks| Ok(ticks.parse::<f64>()? * 10.0))
            .collect::<Result<_>>()?;
        let [user, nice, system, idle, waiting, hard, soft, stolen, ..] = fields[..] else {
            anyhow::bail!("the system tells too few counters");
        };
        let busy = user + nice + system + hard + soft;
        Ok(Self {
            user: user + nice,
            busy,
            stolen,
            total: busy + idle + waiting + stolen,
            processes: usage.cpu_millis()?,
            known_user: usage.user_millis()? + usage::user_millis(std::process::id())?,
        })
    }

    pub(crate) fn until(&self, later: &Self) -> Spent {
        let total = later.total - self.total;
        let processes_millis = later.processes - self.processes;
        let foreign = later.user - self.user - (later.known_user - self.known_user);
        Spent {
            processes_millis,
            foreign: (foreign / total).max(0.0),
            busy: (later.busy - self.busy) / total,
            steal: (later.stolen - self.stolen) / total,
        }
    }

    /// Shares of the machine that others and its host use while nothing is measured.
    pub(crate) async fn others(time: Duration) -> Result<Spent> {
        let nobody = Usage::of(Vec::new());
        let before = Self::now(&nobody)?;
        tokio::time::sleep(time).await;
        Ok(before.until(&Self::now(&nobody)?))
    }
}
