//! A folder that one command holds for a change of a moment.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::failure::Failure;

/// A folder that is held, until this goes.
pub(crate) struct Hold {
    _folder: File,
}

impl Hold {
    /// Waits for another change to end, which takes a moment, and no longer: who holds the folder may be stopped. `what` is
    /// what it is held for.
    pub(crate) async fn take(folder: &Path, what: &str) -> Result<Self, Failure> {
        let deadline = Instant::now() + LONGEST_WAIT;
        let failed = |error| Failure::file("lock", folder, error);
        let file = File::open(folder).map_err(failed)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _folder: file }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL).await,
                Err(TryLockError::WouldBlock) => return Err(held(folder, what)),
            }
        }
    }
}

fn held(folder: &Path, what: &str) -> Failure {
    let holder = match holder(folder) {
        Some(process) => format!("process {process}"),
        None => "another program".to_owned(),
    };
    Failure::new(
        "E-CTL-294",
        format!("{holder} holds {} for {what}", folder.display()),
        "wait until it has ended, or end it, and run the command again; nothing was changed",
    )
}

/// The process that has a folder locked, if the system tells.
fn holder(folder: &Path) -> Option<u32> {
    let inode = std::fs::metadata(folder).ok()?.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // proc_locks(5): number, kind, mode, access, process, device and inode, range.
    let holds = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", process, place, ..] = words.as_slice() else {
            return None;
        };
        let (_, of_place) = place.rsplit_once(':')?;
        process.parse().ok().filter(|_| of_place == inode)
    };
    locks.lines().find_map(holds)
}

/// A change takes a moment.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);
