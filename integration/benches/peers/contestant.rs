//! Who takes part, and how each is started.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::forged::forge;
use crate::logs::{self, ORIGIN};
use crate::processes::{Processes, Trace};
use crate::variant::Variant;
use crate::workload::{Connection, Target, Usage};
use crate::world::{Face, World};
use crate::{fulcio, trillian};

/// A program or a set of programs that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Contestant {
    Ours(Face),
    /// Our Rekor v2 log with so many entries before the first.
    Grown(u64),
    /// rekor-tiles with its settings as they come.
    TilesDefault,
    /// rekor-tiles as fast as its settings allow.
    TilesTuned,
    /// rekor-server, Trillian's two servers and `MariaDB`.
    RekorV1,
    /// The same with Trillian's signer at work ten times as often.
    RekorV1Tuned,
    /// Fulcio with the CT log that its own deployments use.
    Fulcio(Variant),
}

impl Contestant {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours(Face::V1) => "sigstead v1",
            Self::Ours(Face::V2) => "sigstead v2",
            Self::Ours(Face::Certificate(variant)) => variant.ours(),
            Self::Grown(_) => "grown",
            Self::TilesDefault => "tiles-default",
            Self::TilesTuned => "tiles-tuned",
            Self::RekorV1 => "rekor-v1",
            Self::RekorV1Tuned => "rekor-v1-tuned",
            Self::Fulcio(variant) => variant.fulcio(),
        }
    }

    pub(crate) const fn face(self) -> Face {
        match self {
            Self::Ours(face) => face,
            Self::Grown(_) | Self::TilesDefault | Self::TilesTuned => Face::V2,
            Self::RekorV1 | Self::RekorV1Tuned => Face::V1,
            Self::Fulcio(variant) => Face::Certificate(variant),
        }
    }

    const fn path(self) -> &'static str {
        match self.face() {
            Face::V1 => "/api/v1/log/entries",
            Face::V2 => "/api/v2/log/entries",
            Face::Certificate(_) => "/api/v2/signingCert",
        }
    }

    /// Starts it with an empty store and waits until it took an entry.
    pub(crate) async fn start(self, world: &World, trace: Trace) -> Result<Running> {
        let mut processes = Processes::new(world.path(), trace)?;
        let port = sigstead_integration::free_ports(12)?;
        match self {
            Self::Ours(Face::V1) => logs::start_ours(world, &mut processes, logs::V1, port)?,
            Self::Ours(Face::V2) => logs::start_ours(world, &mut processes, logs::V2, port)?,
            Self::Ours(Face::Certificate(variant)) => {
                fulcio::start_ours(world, &mut processes, port, variant)?;
            }
            Self::Grown(size) => {
                let (data, anchor) = (
                    processes.folder().join("data"),
                    processes.folder().join("anchor"),
                );
                forge(&data, &anchor, ORIGIN, &world.log_key, size).await?;
                logs::start_ours(world, &mut processes, logs::V2, port)?;
            }
            Self::TilesDefault => logs::start_tiles(world, &mut processes, port, &[])?,
            Self::TilesTuned => logs::start_tiles(world, &mut processes, port, &logs::TUNED)?,
            Self::RekorV1 => trillian::start(world, &mut processes, port, &trillian::USUAL)?,
            Self::RekorV1Tuned => trillian::start(world, &mut processes, port, &trillian::TUNED)?,
            Self::Fulcio(variant) => {
                fulcio::start_fulcio(world, &mut processes, port, variant)?;
            }
        }
        let target = Target::new(&format!("http://127.0.0.1:{port}"), "POST", self.path())?;
        let mut running = Running { processes, target };
        running.await_first_entry(world, self.face()).await?;
        Ok(running)
    }
}

/// A contestant that takes entries.
pub(crate) struct Running {
    processes: Processes,
    pub(crate) target: Target,
}

impl Running {
    pub(crate) fn usage(&self) -> Usage {
        self.processes.usage()
    }

    /// The files that strace writes.
    pub(crate) fn traces(&self) -> &[PathBuf] {
        self.processes.traces()
    }

    async fn await_first_entry(&mut self, world: &World, face: Face) -> Result<()> {
        let entries = world.entries(face, 1)?;
        let first = entries.last().context("no entry")?;
        let mut connection = Connection::new(self.target.clone());
        let start = Instant::now();
        let mut last = String::new();
        while start.elapsed() < Duration::from_secs(60) {
            match connection.exchange(first).await {
                // The entry may be there from an attempt whose answer did not come in time.
                Ok((200..300 | 409, _)) => return Ok(()),
                Ok((status, body)) => {
                    last.clear();
                    write!(last, "{status} {}", String::from_utf8_lossy(body))?;
                }
                Err(error) => last = error.to_string(),
            }
            self.processes.check()?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("no entry is taken: {last}\n{}", self.processes.logged())
    }
}
