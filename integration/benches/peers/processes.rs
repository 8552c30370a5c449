//! The processes of a contestant.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::workload::Usage;

/// Whether the system calls of what starts are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    Off,
    SyncCalls,
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
    /// None yet; their store will lie in `folder`.
    pub(crate) fn new(folder: &Path, trace: Trace) -> Result<Self> {
        Ok(Self {
            folder: TempDir::new_in(folder)?,
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
            // A user who ends this program ends those too.
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

    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.children.iter().map(Child::id).collect())
    }

    /// The files that strace writes.
    pub(crate) fn traces(&self) -> &[PathBuf] {
        &self.traces
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

/// Refuses unless a command succeeds.
pub(crate) fn succeed(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed\n{errors}");
    Ok(String::from_utf8(output.stdout)?)
}

/// What makes bytes durable. An open with `O_SYNC` is followed by the write that does.
const TRACED: &str = "trace=fsync,fdatasync,sync_file_range,msync,openat";
