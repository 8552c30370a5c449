use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

/// Descriptors of the process that are open and used for nothing, so that they can be given up.
///
/// It belongs to the process, as the limit does. Strangers who fill the process with connections must not keep it from
/// writing what it has promised.
static RESERVE: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// Opens a file for reading.
///
/// # Errors
/// The file cannot be opened, not even with a descriptor of the reserve.
pub fn open(place: &Path) -> io::Result<File> {
    with_reserve(|| File::open(place))
}

/// Makes an empty file, or empties the one that is there, for reading and writing. Its name is durable once its directory
/// is synced.
///
/// # Errors
/// The file cannot be made, not even with a descriptor of the reserve.
pub fn create(place: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    with_reserve(|| options.open(place))
}

/// Makes an empty file of a mode, less the umask, for writing. No link is followed: whatever has the name already is an error.
pub(crate) fn create_new(place: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    with_reserve(|| options.open(place))
}

/// Takes a step that opens a file. If no descriptor is free, the reserve gives up all of its own, and the step is taken a
/// second time.
///
/// Only for the writer of a log: readers come in any number, and would use up the reserve.
///
/// # Errors
/// As the step.
pub fn with_reserve<T>(step: impl Fn() -> io::Result<T>) -> io::Result<T> {
    refill();
    match step() {
        Err(error) if lacks_descriptors(&error) => {
            // All at once, because others wait for a descriptor too and may be faster.
            reserve().clear();
            let done = step();
            refill();
            done
        }
        done => done,
    }
}

/// Whether an error of the system passes by itself, and nothing was changed by the call that it refused: no descriptor or
/// no memory is free, or a signal came in between. It tells nothing of what a failed sync left on the medium.
#[must_use]
pub fn is_passing(error: &io::Error) -> bool {
    lacks_descriptors(error)
        || matches!(
            error.kind(),
            io::ErrorKind::OutOfMemory | io::ErrorKind::Interrupted
        )
}

fn lacks_descriptors(error: &io::Error) -> bool {
    let errno = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE]
        .map(|lack| Some(lack.raw_os_error()))
        .contains(&errno)
}

/// Takes back what was given up, as far as descriptors are free.
pub(crate) fn refill() {
    let mut reserve = reserve();
    while reserve.len() < KEPT {
        match File::open("/dev/null") {
            Ok(file) => reserve.push(file),
            Err(_) => return,
        }
    }
}

fn reserve() -> MutexGuard<'static, Vec<File>> {
    RESERVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A log writes eight objects at a time to cold storage, and beside them a segment, a run and their directories.
const KEPT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lack_that_ends_by_itself_passes() {
        let table = [
            (Errno::MFILE, true),
            (Errno::NFILE, true),
            (Errno::NOMEM, true),
            (Errno::INTR, true),
            (Errno::NOSPC, false),
            (Errno::IO, false),
            (Errno::ROFS, false),
            (Errno::ACCESS, false),
        ];
        for (errno, passes) in table {
            assert_eq!(is_passing(&errno.into()), passes, "{errno}");
            // That of a sync, whose result is unknown.
            let wrapped = io::Error::other(io::Error::from(errno));
            assert!(!is_passing(&wrapped), "{errno}");
        }
    }
}
