//! The file of zeros that becomes the next segment, written while the present one is being filled.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};

use sigstead_durable::is_passing;

/// A file of zeros, which stays open from its making on: to open it again could fail when it is needed.
#[derive(Debug)]
pub(crate) struct Zeroed {
    pub(crate) place: PathBuf,
    pub(crate) file: File,
}

/// The next segment, or the place for it.
#[derive(Debug)]
pub(crate) struct Spare {
    place: PathBuf,
    bytes: usize,
    thread: Option<JoinHandle<io::Result<File>>>,
}

impl Spare {
    /// Removes what a journal left that ended while it wrote a spare, or before it put one in place.
    pub(crate) fn clear(directory: &Path, bytes: usize) -> io::Result<Self> {
        let place = directory.join(SPARE);
        sigstead_durable::remove(&place)?;
        Ok(Self {
            place,
            bytes,
            thread: None,
        })
    }

    /// Has the file written on a thread of its own, unless that was done.
    pub(crate) fn prepare(&mut self) {
        if self.thread.is_some() {
            return;
        }
        let (place, bytes) = (self.place.clone(), self.bytes);
        let thread = Builder::new().name("journal-spare".to_owned());
        // Without a thread the file is written when it is needed.
        self.thread = thread.spawn(move || write_zeroed(&place, bytes)).ok();
    }

    /// A zeroed file of at least so many bytes; the next call answers another one.
    pub(crate) fn take(&mut self, needed: usize) -> io::Result<Zeroed> {
        let ready = match self.thread.take().map(joined) {
            Some(Ok(file)) => Some(file).filter(|_| needed <= self.bytes),
            Some(Err(error)) if !is_lack_of_room(&error) && !is_passing(&error) => {
                return Err(error);
            }
            // There may be room by now.
            Some(Err(_)) | None => None,
        };
        let file = match ready {
            Some(file) => file,
            None => {
                // A file that is too small gives its room back first.
                sigstead_durable::remove(&self.place)?;
                write_zeroed(&self.place, needed.max(self.bytes))?
            }
        };
        Ok(Zeroed {
            place: self.place.clone(),
            file,
        })
    }

    /// Waits for what is being written.
    pub(crate) fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether an operator who makes room mends the error.
pub(crate) fn is_lack_of_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Waits for a thread; one that panicked has failed.
pub(crate) fn joined<T>(thread: JoinHandle<io::Result<T>>) -> io::Result<T> {
    let panicked = |_| Err(io::Error::other("the journal's thread panicked"));
    thread.join().unwrap_or_else(panicked)
}

/// Writes a file of zeros and makes it durable; leaves none that is not whole.
fn write_zeroed(place: &Path, bytes: usize) -> io::Result<File> {
    check_space(place.parent().unwrap_or(place), bytes as u64)?;
    let written = write_zeros(place, bytes);
    if written.is_err() {
        // What stays behind is removed when the next one is written or the journal opened.
        let _ = sigstead_durable::remove(place);
    }
    written
}

fn write_zeros(place: &Path, bytes: usize) -> io::Result<File> {
    let mut file = sigstead_durable::create(place)?;
    let zeros = vec![0; ZERO_CHUNK_BYTES];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(zeros.len());
        file.write_all(zeros.get(..now).unwrap_or_default())?;
        left -= now;
    }
    sigstead_durable::sync(&file)?;
    Ok(file)
}

/// Refuses while there is room left, so that what the log has taken can still go to cold storage, and an operator can log
/// in and make more.
fn check_space(directory: &Path, needed: u64) -> io::Result<()> {
    let space = rustix::fs::statvfs(directory)?;
    let in_bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize);
    check_free(in_bytes(space.f_bavail), in_bytes(space.f_blocks), needed)
}

/// Keeps a twentieth of the file system free, but no more than half a gibibyte.
fn check_free(free: u64, total: u64, needed: u64) -> io::Result<()> {
    let kept = (total / 20).min(MOST_KEPT_FREE);
    if free < needed.saturating_add(kept) {
        let why = format!("{free} bytes are free, and {kept} of them are kept so");
        return Err(io::Error::new(io::ErrorKind::StorageFull, why));
    }
    Ok(())
}

pub(crate) const SPARE: &str = "spare";

const MOST_KEPT_FREE: u64 = 512 * 1024 * 1024;

const ZERO_CHUNK_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_little_of_every_file_system_is_kept_free() {
        const MIB: u64 = 1024 * 1024;
        let table = [
            (40 * MIB, 48 * MIB, 8 * MIB, true),
            (10 * MIB, 48 * MIB, 8 * MIB, false),
            (520 * MIB, 10_000_000 * MIB, 8 * MIB, true),
            (519 * MIB, 10_000_000 * MIB, 8 * MIB, false),
            (0, 0, 1, false),
        ];
        for (free, total, needed, is_enough) in table {
            let checked = check_free(free, total, needed);
            assert_eq!(checked.is_ok(), is_enough, "{free} of {total} for {needed}");
            assert!(checked.as_ref().err().is_none_or(is_lack_of_room));
        }
    }

    #[test]
    fn only_what_an_operator_mends_by_making_room_is_a_lack_of_room() {
        let table = [
            (rustix::io::Errno::NOSPC, true),
            (rustix::io::Errno::DQUOT, true),
            (rustix::io::Errno::IO, false),
            (rustix::io::Errno::ROFS, false),
            (rustix::io::Errno::FBIG, false),
            (rustix::io::Errno::MFILE, false),
            (rustix::io::Errno::ACCESS, false),
        ];
        for (errno, is_mended) in table {
            assert_eq!(is_lack_of_room(&errno.into()), is_mended, "{errno}");
        }
    }

    #[test]
    fn a_spare_that_is_too_small_or_was_left_behind_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(SPARE), "left behind").unwrap();
        let mut spare = Spare::clear(directory.path(), 1000).unwrap();
        assert!(!directory.path().join(SPARE).exists());
        spare.prepare();
        for (needed, expected) in [(2000, 2000), (10, 1000)] {
            let zeroed = spare.take(needed).unwrap();
            assert_eq!(fs::read(zeroed.place).unwrap(), vec![0; expected]);
        }
        spare.prepare();
        let refused = spare.take(1 << 60).unwrap_err();
        assert!(is_lack_of_room(&refused), "{refused}");
        assert!(!directory.path().join(SPARE).exists(), "its room is free");
    }

    #[test]
    fn a_spare_that_cannot_be_written_is_told_when_it_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let mut spare = Spare::clear(directory.path(), 1000).unwrap();
        fs::create_dir(directory.path().join(SPARE)).unwrap();
        spare.prepare();
        let refused = spare.take(10).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::IsADirectory);
    }
}
