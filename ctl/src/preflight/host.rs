//! A machine before an instance is made on it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures::future::join_all;
use tokio::net::lookup_host;
use tokio::process::Command;
use tokio::time::timeout;

use crate::doctor::bounded::within;
use crate::doctor::machine::Machine;
use crate::failure::Failure;
use crate::init::ports;
use crate::private;

/// What will be made.
pub(super) struct Wanted {
    /// Where the instance will be.
    pub(super) folder: PathBuf,
    pub(super) base_port: Option<u16>,
    pub(super) listen: IpAddr,
    /// The names that clients will dial.
    pub(super) names: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) machine: Machine,
    pub(super) folder: PathBuf,
    /// Why the ports of an instance cannot be had.
    pub(super) ports: Option<String>,
    /// Each public name, and why it has no address.
    pub(super) names: Vec<(String, Result<(), String>)>,
    /// Whether something keeps the clock right, or why that is unknown.
    pub(super) clock: Result<bool, String>,
    /// What is left of the memory, in bytes.
    pub(super) memory: Option<u64>,
    /// Whether a file that is locked cannot be locked again.
    pub(super) locks: Result<bool, String>,
    /// What the kernel lacks that the units of `sigctl systemd` use.
    pub(super) lacking: Vec<&'static str>,
    pub(super) is_root: bool,
    pub(super) umask: u32,
    /// The variables of the environment that name a proxy.
    pub(super) proxies: Vec<(&'static str, String)>,
    /// What is reached without it.
    pub(super) no_proxy: String,
}

impl Host {
    pub(super) async fn look(wanted: Wanted) -> Self {
        let (base, listen) = (wanted.base_port, wanted.listen);
        let chosen = within(PATIENCE, move || ports::choose(base, listen)).await;
        let chosen = chosen.map(|chosen| chosen.err());
        let there = nearest(&wanted.folder);
        let (machine, names, clock, locks) = tokio::join!(
            Machine::under(&wanted.folder),
            join_all(wanted.names.into_iter().map(resolved)),
            clock(),
            within(PATIENCE, move || locks(&there)),
        );
        let locks = locks.unwrap_or_else(|| Err("the disk does not answer".to_owned()));
        Self {
            machine,
            folder: wanted.folder,
            ports: chosen.flatten().map(|failure: Failure| failure.whole()),
            names,
            clock,
            memory: available(&fs::read_to_string("/proc/meminfo").unwrap_or_default()),
            locks,
            lacking: lacking(Path::new("/proc/sys")),
            is_root: rustix::process::geteuid().is_root(),
            umask: private::callers_umask(),
            proxies: proxies(),
            no_proxy: variable("NO_PROXY").unwrap_or_default(),
        }
    }
}

/// The place itself, or what is nearest above it.
fn nearest(place: &Path) -> PathBuf {
    let there = place.ancestors().find(|above| above.is_dir());
    there.unwrap_or_else(|| Path::new(".")).to_owned()
}

async fn resolved(name: String) -> (String, Result<(), String>) {
    let found = resolve(&name).await;
    (name, found)
}

async fn resolve(name: &str) -> Result<(), String> {
    let late = |_| "no name server answered".to_owned();
    let found = timeout(PATIENCE, lookup_host((name, 443)))
        .await
        .map_err(late)?;
    let mut found = found.map_err(|error| error.to_string())?;
    found
        .next()
        .map(drop)
        .ok_or_else(|| "it has no address".to_owned())
}

/// What systemd says of the clock, or else chrony.
async fn clock() -> Result<bool, String> {
    let systemd = said(
        "timedatectl",
        &["show", "--property=NTPSynchronized", "--value"],
    )
    .await;
    match systemd.as_deref().map(str::trim) {
        Ok("yes") => return Ok(true),
        Ok("no") => return Ok(false),
        _ => {}
    }
    let chrony = said("chronyc", &["-c", "tracking"]).await?;
    Ok(chrony.trim_end().ends_with("Normal"))
}

async fn said(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await;
    let output = output.map_err(|_| format!("{program} does not answer"))?;
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{program} ended with {}", output.status)),
    }
}

/// Locks a small file twice, as two copies of a log would lock one anchor.
fn locks(folder: &Path) -> Result<bool, String> {
    let place = folder.join(format!(".sigctl-preflight-{}", std::process::id()));
    let open = || {
        let mut options = OpenOptions::new();
        options.create(true).append(true).open(&place)
    };
    let tried = open().and_then(|first| Ok((first, open()?)));
    let tried = tried.map_err(|error| error.to_string());
    let locked = tried.and_then(|(first, second)| lock_twice(&first, &second));
    // It is of no meaning if it stays.
    let _ = fs::remove_file(&place);
    locked
}

fn lock_twice(first: &File, second: &File) -> Result<bool, String> {
    first.try_lock().map_err(|error| error.to_string())?;
    match second.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(true),
        Ok(()) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error.to_string()),
    }
}

/// `MemAvailable` of `proc_meminfo(5)`.
fn available(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// What is missing below `/proc/sys` of that which shuts services in.
fn lacking(settings: &Path) -> Vec<&'static str> {
    let filters = settings.join("kernel/seccomp/actions_avail").exists();
    let users = fs::read_to_string(settings.join("user/max_user_namespaces"));
    let users = users.is_ok_and(|count| count.trim() != "0");
    let features = [
        ("filters of system calls", filters),
        ("namespaces of users", users),
    ];
    let missing = features.into_iter().filter(|(_, is_there)| !is_there);
    missing.map(|(name, _)| name).collect()
}

fn proxies() -> Vec<(&'static str, String)> {
    let named = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].into_iter();
    named
        .filter_map(|name| Some((name, variable(name)?)))
        .collect()
}

/// A variable in either of its two spellings.
fn variable(name: &str) -> Option<String> {
    let value = [name.to_lowercase(), name.to_owned()]
        .into_iter()
        .find_map(std::env::var_os);
    let value = value?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

const PATIENCE: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let text = "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(available(text), Some(2 << 20));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn a_kernel_without_a_feature_is_known_by_its_settings() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(lacking(folder.path()).len(), 2);
        fs::create_dir_all(folder.path().join("kernel/seccomp")).unwrap();
        fs::create_dir(folder.path().join("user")).unwrap();
        fs::write(folder.path().join("kernel/seccomp/actions_avail"), "").unwrap();
        for (count, lacks) in [("0\n", 1), ("1000\n", 0)] {
            fs::write(folder.path().join("user/max_user_namespaces"), count).unwrap();
            assert_eq!(lacking(folder.path()).len(), lacks);
        }
    }

    #[test]
    fn a_locked_file_is_locked_and_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(locks(folder.path()), Ok(true));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(locks(&folder.path().join("absent")).is_err());
    }

    #[tokio::test]
    async fn a_name_has_an_address_or_it_is_said_why_not() {
        assert_eq!(resolved("127.0.0.1".to_owned()).await.1, Ok(()));
        // RFC 6761 §6.4: no such name is ever found.
        assert!(resolved("sigstead.invalid".to_owned()).await.1.is_err());
    }
}
