//! Processor time and memory of processes.

use anyhow::{Context, Result};

/// The processes of whoever is measured.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    pids: Vec<u32>,
}

impl Usage {
    pub(crate) fn of(pids: Vec<u32>) -> Self {
        Self { pids }
    }

    /// The sum over the processes.
    pub(crate) fn cpu_millis(&self) -> Result<f64> {
        self.pids.iter().map(|pid| cpu_millis(*pid)).sum()
    }

    /// The part of it that was spent outside of the kernel.
    pub(crate) fn user_millis(&self) -> Result<f64> {
        self.pids.iter().map(|pid| user_millis(*pid)).sum()
    }

    /// The sum of the most that each ever held.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        self.memory_mib("VmHWM:")
    }

    /// What they hold now.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        self.memory_mib("VmRSS:")
    }

    fn memory_mib(&self, field: &str) -> Result<f64> {
        self.pids
            .iter()
            .map(|pid| {
                let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
                    .context("a process has ended")?;
                let line = status.lines().find_map(|line| line.strip_prefix(field));
                let kib = line.context("no memory is told")?.trim();
                Ok(kib.trim_end_matches(" kB").parse::<f64>()? / 1024.0)
            })
            .sum()
    }
}

fn cpu_millis(pid: u32) -> Result<f64> {
    let [user, system] = times(pid)?;
    Ok(user + system)
}

pub(crate) fn user_millis(pid: u32) -> Result<f64> {
    let [user, _] = times(pid)?;
    Ok(user)
}

/// Fields 14 and 15 of `stat`, in ticks of 10 ms.
fn times(pid: u32) -> Result<[f64; 2]> {
    let stat =
        std::fs::read_to_string(format!("/proc/{pid}/stat")).context("a process has ended")?;
    let after_name = stat.rsplit(')').next().context("no name")?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut time = || anyhow::Ok(fields.next().context("short stat")?.parse::<f64>()? * 10.0);
    Ok([time()?, time()?])
}
