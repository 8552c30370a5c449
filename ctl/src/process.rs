//! The processes of an instance: started, watched, ended.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::time::{Instant, sleep};

use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};

/// A service's process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pid: Pid,
}

impl Process {
    /// The process that runs a service of this instance, if one does. A process id that now belongs to another program
    /// does not count.
    pub(crate) fn find(instance: &Instance, service: Service) -> Option<Self> {
        let text = fs::read_to_string(instance.pid_file(service)).ok()?;
        let pid = Pid::from_raw(text.trim().parse().ok()?)?;
        let found = Self { pid };
        (found.is_alive() && found.is(instance, service)).then_some(found)
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
        test_kill_process(self.pid).is_ok() && !self.is_zombie()
    }

    async fn gone(self) {
        while self.is_alive() {
            sleep(POLL).await;
        }
    }

    fn signal(self, signal: Signal) -> Result<(), Failure> {
        match kill_process(self.pid, signal) {
            // It ended in between, which is what was wanted.
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(Failure::io("cannot signal a service", error.into())),
        }
    }

    fn is(self, instance: &Instance, service: Service) -> bool {
        let config = config_file(instance, service);
        fs::read(format!("/proc/{}/cmdline", self.id())).is_ok_and(|line| {
            line.split(|byte| *byte == 0)
                .any(|argument| argument == config.as_os_str().as_encoded_bytes())
        })
    }

    fn is_zombie(self) -> bool {
        fs::read_to_string(format!("/proc/{}/stat", self.id())).is_ok_and(|stat| {
            stat.rsplit(") ")
                .next()
                .is_some_and(|rest| rest.starts_with('Z'))
        })
    }
}

/// A service that this program started itself.
pub(crate) struct Started {
    pub(crate) service: Service,
    child: Child,
    log_file: PathBuf,
    /// Where its own lines begin: the file holds those of earlier runs too.
    log_start: u64,
}

impl Started {
    /// Starts a service in a process group of its own, logging to its file.
    pub(crate) fn new(instance: &Instance, service: Service) -> Result<Self, Failure> {
        let program = program(service)?;
        let log_file = instance.log_file(service);
        let unopened = |error| Failure::file("open", &log_file, error);
        let log = open_log(&log_file)?;
        let errors = log.try_clone().map_err(unopened)?;
        let log_start = log.metadata().map_err(unopened)?.len();
        let child = Command::new(&program)
            .arg("--config")
            .arg(config_file(instance, service))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::file("start", &program, error))?;
        let pid_file = instance.pid_file(service);
        fs::write(&pid_file, format!("{}\n", child.id()))
            .map_err(|error| Failure::file("write", &pid_file, error))?;
        Ok(Self {
            service,
            child,
            log_file,
            log_start,
        })
    }

    /// Whether it ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// The last lines that it logged since it was started.
    pub(crate) fn last_lines(&self, count: usize) -> String {
        let mut logged = Vec::new();
        // Without a log there is nothing to show; that the service ended is told all the same.
        let _ = File::open(&self.log_file).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.log_start))?;
            file.read_to_end(&mut logged)
        });
        tail(&logged, count)
    }
}

/// The right to start the services of an instance. Two at once would start each service twice, and the process that
/// loses its ports would be the one that the process id file names.
pub(crate) struct Turn {
    _lock: File,
}

impl Turn {
    /// Waits until nobody else starts this instance.
    pub(crate) async fn take(instance: &Instance, deadline: Instant) -> Result<Self, Failure> {
        let path = instance.path("run/lock");
        let lock = open_log(&path)?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { _lock: lock }),
                Err(TryLockError::Error(error)) => return Err(Failure::file("lock", &path, error)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL).await,
                Err(TryLockError::WouldBlock) => return Err(busy()),
            }
        }
    }
}

fn busy() -> Failure {
    Failure::new(
        "E-CTL-013",
        "another `sigctl up` is starting this instance",
        "wait until it is done; `sigctl status` shows how far it is",
    )
}

/// The last lines that a service logged, in this run and earlier ones.
pub(crate) fn last_lines(instance: &Instance, service: Service, count: usize) -> String {
    tail(
        &fs::read(instance.log_file(service)).unwrap_or_default(),
        count,
    )
}

fn tail(text: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<_> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(count)..)
        .unwrap_or_default()
        .join("\n")
}

/// Refuses if a program is missing, before any is started.
pub(crate) fn check_programs() -> Result<(), Failure> {
    SERVICES
        .into_iter()
        .try_for_each(|service| program(service).map(drop))
}

/// How often a process is looked at while it starts or ends.
pub(crate) const POLL: Duration = Duration::from_millis(10);

fn config_file(instance: &Instance, service: Service) -> PathBuf {
    instance.service(service).join("config.yaml")
}

fn program(service: Service) -> Result<PathBuf, Failure> {
    sibling(&format!("sigstead-{}", service.name()))
}

/// A program that is installed together with this one.
pub(crate) fn sibling(name: &str) -> Result<PathBuf, Failure> {
    let ours = std::env::current_exe().map_err(|error| Failure::io("cannot find sigctl", error))?;
    let program = ours.with_file_name(name);
    if !program.exists() {
        return Err(Failure::new(
            "E-CTL-007",
            format!(
                "{name} is not beside sigctl, in {}",
                program.with_file_name("").display()
            ),
            "build all programs: make build",
        ));
    }
    Ok(program)
}

fn open_log(path: &Path) -> Result<File, Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, error))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| Failure::file("open", path, error))
}
