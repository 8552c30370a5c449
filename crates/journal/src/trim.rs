//! The removal of old segments, on a thread of its own: no round waits for it.

use std::fs::{self, File};
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::segment::{self, SyncDirectory};
use crate::spare::joined;

/// The directory of a journal.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<File>,
}

/// One removal after the other.
///
/// A crash at any point leaves a journal that opens. Segments go in their order, and each is durably gone before the
/// next one is touched, so what is left is the end of the history without a gap, with or without the segment that was
/// being removed. All of them are older than a segment that holds a round which was acknowledged, and with it the head;
/// records and new segments go behind that one, out of this thread's reach. Whether the segments are gone is not
/// remembered anywhere: the next load finds what there is, and the next removal begins there.
#[derive(Debug, Default)]
pub(crate) enum Trimming {
    #[default]
    Idle,
    Running(JoinHandle<io::Result<()>>),
    /// After an error it is unknown which segments the medium still holds; removing more could leave a gap.
    Ended,
}

impl Trimming {
    /// Whether a removal can be started; tells the error of the last one, once.
    pub(crate) fn is_idle(&mut self) -> io::Result<bool> {
        match std::mem::replace(self, Self::Ended) {
            Self::Running(thread) if thread.is_finished() => joined(thread)?,
            Self::Idle => {}
            busy @ (Self::Running(_) | Self::Ended) => {
                *self = busy;
                return Ok(false);
            }
        }
        *self = Self::Idle;
        Ok(true)
    }

    /// Starts to remove the segments of these numbers; called when idle.
    pub(crate) fn start(
        &mut self,
        directory: Directory,
        numbers: RangeInclusive<u64>,
        sync_directory: SyncDirectory,
    ) -> io::Result<()> {
        let thread = Builder::new().name("journal-trim".to_owned());
        let removing = move || remove(&directory, numbers, sync_directory);
        *self = Self::Running(thread.spawn(removing)?);
        Ok(())
    }

    /// Waits for what is being removed.
    pub(crate) fn wait(&mut self) {
        if let Self::Running(thread) = std::mem::take(self) {
            let _ = thread.join();
        }
    }
}

fn remove(
    directory: &Directory,
    numbers: RangeInclusive<u64>,
    sync_directory: SyncDirectory,
) -> io::Result<()> {
    for number in numbers {
        match fs::remove_file(segment::path(&directory.path, number)) {
            Ok(()) => sync_directory(&directory.file)?,
            // A segment that never held a round may be missing between two that are there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
