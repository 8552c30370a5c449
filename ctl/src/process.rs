//! The processes of an instance: found, asked, ended.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sigstead_kit::{LONGEST_STOP, folder_id};
use tokio::time::sleep;

use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::private;

/// A service's process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pid: Pid,
}

impl Process {
    /// The process that `sigctl up` started for a service of this instance, if it still runs. A process id that now belongs
    /// to another program, or to another instance's service, does not count.
    pub(crate) fn find(instance: &Instance, service: Service) -> Option<Self> {
        let found = Self::from_file(&instance.pid_file(service))?;
        (found.is_alive() && found.is(instance, service)).then_some(found)
    }

    /// The process of that number.
    pub(crate) fn from_id(id: i32) -> Option<Self> {
        // Zero and the negative numbers name groups of processes.
        let id = (id > 0).then_some(id)?;
        Pid::from_raw(id).map(|pid| Self { pid })
    }

    /// The process whose number is in a file.
    pub(crate) fn from_file(path: &Path) -> Option<Self> {
        let bytes = private::read(path, LONGEST_ID).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        Self::from_id(text.trim().parse().ok()?)
    }

    /// Asks the process to end, and ends it if it has not after `patience`.
    pub(crate) async fn stop(self, patience: Duration) -> Result<(), Failure> {
        self.signal(Signal::TERM)?;
        if tokio::time::timeout(patience, self.gone()).await.is_err() {
            self.signal(Signal::KILL)?;
            self.gone().await;
        }
        Ok(())
    }

    /// Its number.
    pub(crate) fn id(self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(self) -> bool {
        // A child that ended and was not waited for is still there for signals; its state says so.
        test_kill_process(self.pid).is_ok() && !self.has_ended()
    }

    async fn gone(self) {
        while self.is_alive() {
            sleep(POLL).await;
        }
    }

    /// Sends it a signal; that it has ended is no failure.
    pub(crate) fn signal(self, signal: Signal) -> Result<(), Failure> {
        match kill_process(self.pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(Failure::io("cannot signal a service", error.into())),
        }
    }

    /// Whether it was started with this service's configuration. The path may have been spelled another way, and the
    /// instance may have been moved since: a service works in the folder of its configuration.
    fn is(self, instance: &Instance, service: Service) -> bool {
        let config = config_file(instance, service);
        let works_there = || {
            let theirs = folder_id(Path::new(&format!("/proc/{}/cwd", self.id())));
            let ours = folder_id(&instance.service(service));
            theirs.is_ok_and(|theirs| ours.is_ok_and(|ours| ours == theirs))
        };
        self.command_line()
            .split(|byte| *byte == 0)
            .any(|argument| {
                let argument = Path::new(OsStr::from_bytes(argument));
                argument.file_name() == config.file_name()
                    && (works_there()
                        || fs::canonicalize(argument).is_ok_and(|path| path == config))
            })
    }

    /// Whether it was started with that path among its arguments.
    pub(crate) fn has_argument(self, path: &Path) -> bool {
        let path = path.as_os_str().as_bytes();
        self.command_line()
            .split(|byte| *byte == 0)
            .any(|argument| argument == path)
    }

    /// The arguments that it was started with, each ended by a zero byte; empty if there is no such process.
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing tells when the system has loaded a program"
    )]
    fn command_line(self) -> Vec<u8> {
        let path = format!("/proc/{}/cmdline", self.id());
        for _ in 0..LOOKS {
            let line = fs::read(&path).unwrap_or_default();
            if !line.is_empty() || !self.is_alive() {
                return line;
            }
            // A spawn returns when the old program is gone, and the new one gets its arguments a little later.
            std::thread::sleep(LOOK);
        }
        // The system's own processes never have any.
        Vec::new()
    }

    /// Whether it has ended and waits for its parent, or is just being removed.
    fn has_ended(self) -> bool {
        fs::read_to_string(format!("/proc/{}/stat", self.id())).is_ok_and(|stat| {
            stat.rsplit(") ")
                .next()
                .is_some_and(|rest| rest.starts_with(['Z', 'X']))
        })
    }
}

/// Refuses if a program is missing, before any is started.
pub(crate) fn check_programs() -> Result<(), Failure> {
    SERVICES
        .into_iter()
        .try_for_each(|service| program(service.name()).map(drop))
}

/// How often a process is looked at while it starts or ends.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// How often, and after which pauses, a process is looked at that has no arguments yet.
const LOOKS: u32 = 100;
const LOOK: Duration = Duration::from_millis(1);

/// Longer than a service takes to stop by itself.
pub(crate) const PATIENCE: Duration = LONGEST_STOP.saturating_add(Duration::from_secs(5));

/// The configuration that a service is started with.
pub(crate) fn config_file(instance: &Instance, service: Service) -> PathBuf {
    instance.service(service).join("config.yaml")
}

/// A command that runs another of our programs, by its name without the prefix. This file is it if it holds them all; or
/// else it is installed beside this one, alone or within the one that holds them all.
pub(crate) fn program(name: &str) -> Result<Command, Failure> {
    let ours = std::env::current_exe().map_err(|error| Failure::io("cannot find sigctl", error))?;
    let (one, alone) = (
        ours.with_file_name(ONE_PROGRAM),
        ours.with_file_name(format!("{ONE_PROGRAM}-{name}")),
    );
    if ours != one && alone.exists() {
        return Ok(Command::new(alone));
    }
    if one.exists() {
        let mut command = Command::new(one);
        command.arg(name);
        return Ok(command);
    }
    Err(Failure::new(
        "E-CTL-007",
        format!(
            "neither {} nor {ONE_PROGRAM} is beside sigctl, in {}",
            alone.file_name().unwrap_or_default().display(),
            one.with_file_name("").display()
        ),
        "build all programs: make build",
    ))
}

/// The file that holds all our programs.
const ONE_PROGRAM: &str = "sigstead";

/// More digits than a process id has.
const LONGEST_ID: u64 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_a_process_by_a_positive_number_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let ours = std::process::id();
        fs::write(&file, format!("{ours}\n")).unwrap();
        let found = Process::from_file(&file).unwrap();
        assert_eq!(u32::try_from(found.id()), Ok(ours));
        assert!(found.is_alive());
        for text in [
            "",
            "0",
            "-1",
            "-2147483648",
            "9999999999",
            "1 2",
            "x",
            &"1".repeat(1 << 20),
        ] {
            fs::write(&file, text).unwrap();
            assert!(Process::from_file(&file).is_none());
        }
        fs::remove_file(&file).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(&file)
                .status()
                .unwrap()
                .success()
        );
        assert!(Process::from_file(&file).is_none());
    }

    #[test]
    fn a_process_has_its_arguments_as_soon_as_it_is_spawned() {
        for _ in 0..50 {
            let mut child = Command::new("sleep").arg("60").spawn().unwrap();
            let process = Process::from_id(child.id().try_into().unwrap()).unwrap();
            assert_eq!(process.command_line(), b"sleep\x0060\0");
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(process.command_line().is_empty());
        }
    }
}
