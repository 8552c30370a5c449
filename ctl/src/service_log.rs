//! The file that a service logs to: begun, kept small, read.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;

/// A log as one run of a service writes it.
pub(crate) struct ServiceLog {
    service: Service,
    path: PathBuf,
    /// Where the lines of this run begin: the file holds those of earlier runs too.
    start: u64,
}

impl ServiceLog {
    /// Opens the log for a service that is about to start. It is open for appending, so that a tool may empty it while the
    /// service writes.
    pub(crate) fn begin(instance: &Instance, service: Service) -> Result<(Self, File), Failure> {
        let path = instance.log_file(service);
        rotate(&path, LARGEST).map_err(|error| Failure::file("rotate", &path, error))?;
        let file = private::open_for_appending(&path)?;
        let found = file
            .metadata()
            .map_err(|error| Failure::file("look at", &path, error))?;
        let log = Self {
            service,
            path,
            start: found.len(),
        };
        Ok((log, file))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The line that says why this run ended.
    pub(crate) fn cause(&self) -> Option<String> {
        let text = tail_from(&self.path, self.start).ok()?;
        cause(self.service, &text).map(str::to_owned)
    }
}

/// The last lines of a service's log, of this run and earlier ones.
pub(crate) fn last_lines(instance: &Instance, service: Service, count: usize) -> String {
    let text = tail_from(&instance.log_file(service), 0).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let first = lines.len().saturating_sub(count);
    lines.get(first..).unwrap_or_default().join("\n")
}

/// What is written from `start` on, or the last part of it.
fn tail_from(path: &Path, start: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(start.max(length.saturating_sub(TAIL))))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A service that cannot start says why in one line of its own name, its last. One that ended otherwise logged an error, or
/// was stopped from outside: then its last line is the nearest to a cause, unless it is the one that it began with.
fn cause(service: Service, text: &str) -> Option<&str> {
    let opening = format!("sigstead-{}: ", service.name());
    let lines = || text.lines().rev().filter(|line| !line.trim().is_empty());
    let own = lines().find_map(|line| line.strip_prefix(&opening));
    let error = || lines().find(|line| line.contains("ERROR"));
    let last = || lines().next().filter(|line| !line.contains("is starting"));
    own.or_else(error).or_else(last)
}

/// Moves a log that has grown large away, so that a service that starts often does not fill the disk. Older ones move up, and
/// the oldest goes.
fn rotate(path: &Path, largest: u64) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() > largest => {}
        _ => return Ok(()),
    }
    let numbered = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    for number in (1..KEPT).rev() {
        match sigstead_durable::rename(&numbered(number), &numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sigstead_durable::rename(path, &numbered(1))
}

/// A log larger than this is moved away when its service starts.
const LARGEST: u64 = 16 << 20;
/// How many that were moved away are kept.
const KEPT: u32 = 3;
/// More than anybody reads at once.
const TAIL: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_the_line_in_which_the_service_says_why_it_ended() {
        const BEGIN: &str = "INFO tsa is starting version=\"0.1.0\" config={\"a\":1}\n";
        for (logged, told) in [
            (
                "sigstead-tsa: cannot listen on 127.0.0.1:1: in use\n",
                Some("cannot listen on 127.0.0.1:1: in use"),
            ),
            (
                "ERROR a task panicked\nINFO more\n",
                Some("ERROR a task panicked"),
            ),
            ("INFO tsa is listening\n", Some("INFO tsa is listening")),
            ("", None),
        ] {
            assert_eq!(cause(Service::Tsa, &format!("{BEGIN}{logged}")), told);
        }
        assert_eq!(cause(Service::Tsa, ""), None);
    }

    #[test]
    fn a_large_log_moves_away_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("tsa.log");
        rotate(&log, 3).unwrap();
        for text in ["one!", "two!", "three", "four", "five", "six"] {
            fs::write(&log, text).unwrap();
            rotate(&log, 3).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
        assert_eq!(read("tsa.log").as_deref(), Some("six"));
        assert_eq!(read("tsa.log.1").as_deref(), Some("five"));
        assert_eq!(read("tsa.log.3").as_deref(), Some("three"));
        assert_eq!(read("tsa.log.4"), None);
    }
}
