//! Who takes part, and how each is started.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::forged::forge;
use crate::trillian;
use crate::workload::{Connection, Target, Usage};
use crate::world::{Face, World};

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
}

impl Contestant {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours(Face::V1) => "sigstead v1",
            Self::Ours(Face::V2) => "sigstead v2",
            Self::Grown(_) => "grown",
            Self::TilesDefault => "tiles-default",
            Self::TilesTuned => "tiles-tuned",
            Self::RekorV1 => "rekor-v1",
            Self::RekorV1Tuned => "rekor-v1-tuned",
        }
    }

    pub(crate) const fn face(self) -> Face {
        match self {
            Self::Ours(face) => face,
            Self::Grown(_) | Self::TilesDefault | Self::TilesTuned => Face::V2,
            Self::RekorV1 | Self::RekorV1Tuned => Face::V1,
        }
    }

    const fn path(self) -> &'static str {
        match self.face() {
            Face::V1 => "/api/v1/log/entries",
            Face::V2 => "/api/v2/log/entries",
        }
    }

    /// Starts it with an empty store and waits until it took an entry.
    pub(crate) async fn start(self, world: &World, trace: Trace) -> Result<Running> {
        let mut processes = Processes::new(world, trace)?;
        let port = sigstead_integration::free_ports(12)?;
        match self {
            Self::Ours(face) => start_ours(world, &mut processes, face, port)?,
            Self::Grown(size) => {
                let (data, anchor) = (
                    processes.folder().join("data"),
                    processes.folder().join("anchor"),
                );
                forge(&data, &anchor, ORIGIN, &world.log_key, size).await?;
                start_ours(world, &mut processes, Face::V2, port)?;
            }
            Self::TilesDefault => start_tiles(world, &mut processes, port, &[])?,
            Self::TilesTuned => start_tiles(world, &mut processes, port, &TUNED)?,
            Self::RekorV1 => trillian::start(world, &mut processes, port, &trillian::USUAL)?,
            Self::RekorV1Tuned => trillian::start(world, &mut processes, port, &trillian::TUNED)?,
        }
        let target = Target::new(&format!("http://127.0.0.1:{port}"), "POST", self.path())?;
        let mut running = Running { processes, target };
        running.await_first_entry(world, self.face()).await?;
        Ok(running)
    }
}

/// Whether the system calls of what starts are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    Off,
    SyncCalls,
}

/// A contestant that takes entries.
pub(crate) struct Running {
    processes: Processes,
    pub(crate) target: Target,
}

impl Running {
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.processes.children.iter().map(Child::id).collect())
    }

    /// The files that strace writes.
    pub(crate) fn traces(&self) -> &[PathBuf] {
        &self.processes.traces
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

/// The processes of a contestant and the folder of their store; they end when it goes.
pub(crate) struct Processes {
    folder: TempDir,
    children: Vec<Child>,
    logs: Vec<PathBuf>,
    traces: Vec<PathBuf>,
    trace: Trace,
}

impl Processes {
    fn new(world: &World, trace: Trace) -> Result<Self> {
        Ok(Self {
            folder: TempDir::new_in(world.path())?,
            children: Vec::new(),
            logs: Vec::new(),
            traces: Vec::new(),
            trace,
        })
    }

    /// Where the store belongs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts one more; what it prints goes to a file, as in service.
    pub(crate) fn spawn(&mut self, program: &Path, arguments: &[String]) -> Result<()> {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let log_file = self.folder().join(format!("{name}.log"));
        let log = File::create(&log_file)?;
        let child = self
            .command(program, &name)
            .args(arguments)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        self.children.push(child);
        self.logs.push(log_file);
        Ok(())
    }

    fn command(&mut self, program: &Path, name: &str) -> Command {
        if self.trace == Trace::Off {
            // Whoever ends this program ends those too.
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            return command;
        }
        let file = self.folder().join(format!("{name}.strace"));
        let mut command = Command::new("strace");
        command
            .args(["-f", "--seccomp-bpf", "-qq", "-e", TRACED, "-o"])
            .arg(&file)
            .arg("--")
            .arg(program);
        self.traces.push(file);
        command
    }

    /// Refuses if one has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        for child in &mut self.children {
            if let Some(status) = child.try_wait()? {
                bail!("a process ended with {status}\n{}", self.logged());
            }
        }
        Ok(())
    }

    /// The last lines of each log file.
    pub(crate) fn logged(&self) -> String {
        let tail = |file: &PathBuf| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let lines: Vec<_> = text.lines().rev().take(8).collect();
            let lines: Vec<_> = lines.into_iter().rev().collect();
            format!("{}:\n{}", file.display(), lines.join("\n"))
        };
        self.logs.iter().map(tail).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // The last to start is the first to end; strace ends with the one that it watches. A process that is already
        // gone needs nothing.
        for child in self.children.iter_mut().rev() {
            for pid in watched(child.id(), self.trace) {
                let _ = Command::new("kill").arg("-9").arg(pid).status();
            }
            let _ = child.wait();
        }
    }
}

/// The process itself, or the one that strace started.
fn watched(pid: u32, trace: Trace) -> Vec<String> {
    if trace == Trace::Off {
        return vec![pid.to_string()];
    }
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    children.split_whitespace().map(str::to_owned).collect()
}

fn start_ours(world: &World, processes: &mut Processes, face: Face, port: u16) -> Result<()> {
    let (ops, key) = (port + 1, world.log_key.display());
    let (face, tree) = match face {
        Face::V1 => ("rekor-v1", "    tree_id: 2891745330117236\n"),
        Face::V2 => ("rekor-v2", ""),
    };
    let config = format!(
        "listeners:\n  public: {{address: 127.0.0.1:{port}}}\n  ops: {{address: 127.0.0.1:{ops}}}\n\
         logs:\n  - face: {face}\n    origin: {ORIGIN}\n{tree}    key: {{uri: \"file:{key}\"}}\n    data: data\n    anchor: anchor\n"
    );
    let file = processes.folder().join("config.yaml");
    std::fs::write(&file, config)?;
    let file = file.to_string_lossy().into_owned();
    processes.spawn(&World::tlog()?, &["--config".to_owned(), file])
}

fn start_tiles(
    world: &World,
    processes: &mut Processes,
    port: u16,
    settings: &[&str],
) -> Result<()> {
    let store = processes.folder().join("store");
    let mut arguments = vec![
        "serve".to_owned(),
        "--hostname=localhost".to_owned(),
        format!("--http-port={port}"),
        format!("--grpc-port={}", port + 1),
        format!("--http-metrics-port={}", port + 2),
        format!("--storage-dir={}", store.display()),
        format!("--signer-filepath={}", world.log_key.display()),
        "--log-level=error".to_owned(),
    ];
    arguments.extend(settings.iter().map(|setting| (*setting).to_owned()));
    processes.spawn(&world.peer("posix")?, &arguments)
}

/// Refuses unless a command succeeds.
pub(crate) fn succeed(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed\n{errors}");
    Ok(String::from_utf8(output.stdout)?)
}

const ORIGIN: &str = "localhost";
/// Shorter and larger batches were no faster.
const TUNED: [&str; 3] = [
    "--checkpoint-interval=100ms",
    "--batch-max-age=50ms",
    "--batch-max-size=1024",
];
/// What makes bytes durable. An open with `O_SYNC` is followed by the write that does.
const TRACED: &str = "trace=fsync,fdatasync,sync_file_range,msync,openat";
