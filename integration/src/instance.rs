//! One instance, driven by `sigctl`.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// The services of an instance.
pub const SERVICES: [&str; 6] = ["ca", "tlog", "ctlog", "tsa", "tuf", "oidc"];

/// A directory that `sigctl init` made; its services stop when it goes.
pub struct Instance {
    folder: TempDir,
    name: String,
    /// The folder of `sigctl` and the services.
    programs: PathBuf,
    /// Environment of `sigctl`, and so of the services that it starts.
    environment: Vec<(String, PathBuf)>,
}

impl Instance {
    /// Makes an instance; its services do not run yet.
    ///
    /// # Errors
    /// If `sigctl init` refuses.
    pub fn create(name: &str, arguments: &[&str]) -> Result<Self> {
        Self::create_with(&programs(), name, arguments)
    }

    /// The same with the programs of a folder, which may be of another version.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_with(programs: &Path, name: &str, arguments: &[&str]) -> Result<Self> {
        Self::prepare(programs, name)?.init(arguments)
    }

    /// The same, of which `sigctl` and the services see a path in their environment from the beginning.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_where(
        (variable, path): (&str, &Path),
        name: &str,
        arguments: &[&str],
    ) -> Result<Self> {
        let mut instance = Self::prepare(&programs(), name)?;
        instance.set(variable, path);
        instance.init(arguments)
    }

    fn prepare(programs: &Path, name: &str) -> Result<Self> {
        Ok(Self {
            folder: TempDir::new()?,
            name: name.to_owned(),
            programs: std::path::absolute(programs)?,
            environment: Vec::new(),
        })
    }

    fn init(self, arguments: &[&str]) -> Result<Self> {
        let port = free_ports(24)?.to_string();
        let mut command = self.sigctl();
        command.arg("init").arg(self.directory());
        command.args(["--name", &self.name, "--base-port", &port]);
        // The first versions keep them elsewhere.
        let help = run(self.sigctl().args(["init", "--help"]))?.stdout;
        if String::from_utf8_lossy(&help).contains("--anchors") {
            command
                .arg("--anchors")
                .arg(self.folder.path().join("anchors"));
        }
        run(command.args(arguments))?;
        Ok(self)
    }

    /// Makes an instance and starts it.
    ///
    /// # Errors
    /// If a service does not become ready.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Self> {
        let instance = Self::create(name, arguments)?;
        instance.up()?;
        Ok(instance)
    }

    /// Starts the services that do not run and waits until all are ready.
    ///
    /// # Errors
    /// If a service does not become ready.
    pub fn up(&self) -> Result<()> {
        run(self
            .sigctl()
            .arg("up")
            .arg(self.directory())
            .arg("--detach"))
        .map(drop)
    }

    /// Stops all services.
    ///
    /// # Errors
    /// If `sigctl down` refuses.
    pub fn down(&self) -> Result<()> {
        run(self.sigctl().arg("down").arg(self.directory())).map(drop)
    }

    /// Ends one service at once, as a power cut would.
    ///
    /// # Errors
    /// If the service does not run.
    pub fn kill(&self, service: &str) -> Result<()> {
        let file = self.directory().join("run").join(format!("{service}.pid"));
        let pid = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
        run(Command::new("kill").args(["-9", pid.trim()]))?;
        // The signal is sent, not yet obeyed: a process in the middle of a sync answers for a moment longer.
        let wait = format!("--pid={}", pid.trim());
        run(Command::new("timeout").args(["20", "tail", "-f", "/dev/null", &wait])).map(drop)
    }

    /// Runs `sigctl` with JSON output and gives what it printed.
    ///
    /// # Errors
    /// If it refuses.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let output = run(self.sigctl().args(["--output", "json"]).args(arguments))?;
        serde_json::from_slice(&output.stdout).context("sigctl printed no JSON")
    }

    /// An identity token for a person.
    ///
    /// # Errors
    /// If `sigctl token` refuses.
    pub fn token(&self, email: &str) -> Result<String> {
        let output = run(self
            .sigctl()
            .arg("token")
            .arg(self.directory())
            .args(["--identity", email]))?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Where the instance is.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// A folder beside the instance for a story's own files.
    #[must_use]
    pub fn work(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the client kit.
    #[must_use]
    pub fn kit(&self, file: &str) -> PathBuf {
        self.directory().join("client").join(file)
    }

    /// The URL of a service, as clients dial it.
    ///
    /// # Panics
    /// If the service's configuration does not name it.
    #[must_use]
    pub fn url(&self, service: &str) -> String {
        self.service(service)
            .ok()
            .and_then(|found| {
                let url = found.get("url")?.as_str()?;
                Some(url.trim_end_matches("/api/v1/timestamp").to_owned())
            })
            .unwrap_or_else(|| panic!("`sigctl status` names no URL of {service}"))
    }

    /// What `sigctl status` says of a service. The command fails while a service is not ready, and says it all the same.
    ///
    /// # Errors
    /// If it says nothing of the service.
    pub fn service(&self, service: &str) -> Result<Value> {
        let output = self
            .sigctl()
            .args(["--output", "json", "status"])
            .arg(self.directory())
            .output()?;
        let status: Value = serde_json::from_slice(&output.stdout).context("no JSON")?;
        let services = status["services"].as_array().context("no services")?;
        let found = services.iter().find(|each| each["service"] == service);
        found.cloned().context("no such service")
    }

    /// Has `sigctl`, and the services that it starts, see a path in their environment.
    pub fn set(&mut self, name: &str, path: &Path) {
        self.environment.push((name.to_owned(), path.to_owned()));
    }

    /// The `sigctl` of this instance.
    #[must_use]
    pub fn sigctl(&self) -> Command {
        let mut command = Command::new(self.programs.join("sigctl"));
        command.envs(self.environment.iter().map(|(name, path)| (name, path)));
        command
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Nothing is left to tell if the services are already gone.
        let _ = self.down();
    }
}

/// The instance that stories share which do not harm it. Its services are stopped by the story that comes last to the
/// end of the process: a static is never dropped, so a watcher process waits for ours to end.
///
/// # Panics
/// If the instance does not start.
pub fn shared() -> &'static Instance {
    static SHARED: OnceLock<Instance> = OnceLock::new();
    SHARED.get_or_init(|| {
        let instance = Instance::start("shared", &[]).unwrap_or_else(|error| panic!("{error:#}"));
        stop_after_us(&instance).unwrap_or_else(|error| panic!("{error:#}"));
        instance
    })
}

/// The `sigctl` of the profile that this test was built with.
///
/// # Panics
/// If the test binary has no folder.
#[must_use]
pub fn sigctl() -> Command {
    Command::new(programs().join("sigctl"))
}

/// The folder of the programs of that profile.
///
/// # Panics
/// As [`sigctl`].
#[must_use]
pub fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let profile = test.parent().and_then(Path::parent);
    profile
        .unwrap_or_else(|| panic!("{} has no profile", test.display()))
        .to_owned()
}

/// Runs a command that must succeed; the error holds all that it printed.
///
/// # Errors
/// If it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

/// Waits until something is so.
///
/// # Errors
/// If it is not within half a minute.
pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    for _ in 0..600 {
        if is_so() {
            return Ok(());
        }
        pause();
    }
    anyhow::bail!("{what} does not come")
}

/// A twentieth of a second, for loops that wait for something.
#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for happens in another process"
)]
pub fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn stop_after_us(instance: &Instance) -> Result<()> {
    let (sigctl, directory, work) = (sigctl(), instance.directory(), instance.work());
    let stopped = [
        sigctl.get_program(),
        directory.as_os_str(),
        work.as_os_str(),
    ];
    after_us("\"$1\" down \"$2\"; rm -rf \"$3\"", &stopped)
}

/// Has a folder removed once this process has ended, because what a static holds is never dropped.
///
/// # Errors
/// If nothing can be started that waits for the end.
pub fn remove_after_us(folder: &Path) -> Result<()> {
    after_us("rm -rf \"$1\"", &[folder.as_os_str()])
}

/// Has a shell do something once this process has ended.
fn after_us(script: &str, arguments: &[&OsStr]) -> Result<()> {
    let us = std::process::id();
    let script = format!("while kill -0 {us} 2>/dev/null; do sleep 0.5; done; {script}");
    Command::new("sh")
        .args(["-c", &script, "after"])
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .context("cannot start the watcher")?;
    Ok(())
}

/// The first of `count` ports in a row that nobody listens on. They lie below the range that the system takes the ports
/// of outgoing connections from, so that none of those can sit on a port of a service that restarts.
///
/// # Errors
/// If there are none.
pub fn free_ports(count: u16) -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let slots = (LAST_PORT - FIRST_PORT) / count;
    let ours = u16::try_from(std::process::id() % u32::from(slots))?;
    for _ in 0..slots {
        let slot = (ours + NEXT.fetch_add(1, Ordering::Relaxed)) % slots;
        let first = FIRST_PORT + slot * count;
        if (first..first + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return Ok(first);
        }
    }
    anyhow::bail!("no {count} free ports in a row")
}

const FIRST_PORT: u16 = 12_000;
const LAST_PORT: u16 = 32_000;
