use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigstead_durable::is_passing;
use sigstead_merkle::TreeHead;

use crate::load::Segments;
use crate::record::{HEADER_BYTES, Header, record_bytes};
use crate::segment::{SECTOR_BYTES, Segment, SyncDirectory};
use crate::spare::{Spare, is_lack_of_room};
use crate::trim::{Directory, Trimming};
use crate::{Error, Journal, Round};

/// A journal in preallocated segment files below one directory, used by one process.
#[derive(Debug)]
pub struct FileJournal {
    directory: PathBuf,
    opened_directory: Arc<File>,
    sync_directory: SyncDirectory,
    /// Held for as long as the journal lives; the kernel lets go of it when the process ends.
    _lock: File,
    segments: Segments,
    spare: Spare,
    trimming: Trimming,
    head: TreeHead,
    buffer: Vec<u8>,
    is_dead: bool,
}

impl FileJournal {
    /// Opens the journal in a directory, making it when it is not there, and locks it.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process holds it, [`Error::Io`] when it cannot be made or locked.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::open_with(directory, SEGMENT_BYTES)
    }

    /// As [`FileJournal::open`], with segments of another size than 8 MiB.
    ///
    /// # Errors
    /// As for [`FileJournal::open`].
    pub fn open_with(directory: impl Into<PathBuf>, segment_bytes: usize) -> Result<Self, Error> {
        let directory = directory.into();
        sigstead_durable::create_directory(&directory).map_err(Error::io("open", &directory))?;
        let lock = lock(&directory)?;
        let spare = Spare::clear(&directory, segment_bytes);
        let opened = sigstead_durable::open(&directory).map_err(Error::io("open", &directory))?;
        Ok(Self {
            spare: spare.map_err(Error::io("clear", &directory))?,
            directory,
            opened_directory: Arc::new(opened),
            sync_directory: sigstead_durable::sync,
            _lock: lock,
            segments: Segments::default(),
            trimming: Trimming::default(),
            head: TreeHead::empty(),
            buffer: Vec::new(),
            // Until it is loaded, where it stands is unknown.
            is_dead: true,
        })
    }

    /// Makes the current segment one that has room for the payload.
    fn make_room(&mut self, payload_bytes: usize) -> io::Result<()> {
        let current = self.segments.current.as_ref();
        if current.is_some_and(|current| current.has_room(payload_bytes)) {
            return Ok(());
        }
        let zeroed = self
            .spare
            .take(SECTOR_BYTES + record_bytes(payload_bytes))?;
        let start = self.segments.next_start();
        let sync_directory = || (self.sync_directory)(&self.opened_directory);
        let begun = Segment::begin(&self.directory, zeroed, &start, sync_directory)?;
        self.segments.current = Some(begun);
        Ok(())
    }

    fn append(&mut self, round: &Round) -> Result<(), Error> {
        let header = self.encode(round).ok_or(Error::Dead)?;
        self.make_room(header.length as usize)
            .map_err(Error::io("extend", &self.directory))?;
        let current = self.segments.current.as_mut().ok_or(Error::Dead)?;
        current
            .append(&self.buffer)
            .map_err(Error::io("append to", &self.directory))?;
        let number = current.number;
        self.segments.advance(number, &header, round.head.size);
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);
        Ok(())
    }

    /// Writes the round's record to the buffer.
    fn encode(&mut self, round: &Round) -> Option<Header> {
        let bytes = record_bytes(round.encoded_bytes());
        self.buffer.clear();
        self.buffer.reserve_exact(bytes);
        self.buffer.resize(HEADER_BYTES, 0);
        round.encode(&mut self.buffer);
        let (head, payload) = self.buffer.split_first_chunk_mut::<HEADER_BYTES>()?;
        let position = &self.segments.position;
        let header = Header::of(payload, position.sequence, &position.chain);
        *head = header.encode();
        self.buffer.resize(record_bytes(header.length as usize), 0);
        Some(header)
    }

    /// Has the next segment written while this one is still being filled.
    fn prepare_spare(&mut self) {
        let current = self.segments.current.as_ref();
        if current.is_some_and(|current| current.end * 2 > current.capacity) {
            self.spare.prepare();
        }
    }
}

impl Journal for FileJournal {
    fn load(&mut self) -> Result<Vec<Round>, Error> {
        let (segments, rounds) = Segments::load(&self.directory)?;
        (self.sync_directory)(&self.opened_directory)
            .map_err(Error::io("sync", &self.directory))?;
        self.segments = segments;
        self.head = rounds
            .last()
            .map_or_else(TreeHead::empty, |round| round.head);
        self.is_dead = false;
        Ok(rounds)
    }

    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        if self.is_dead {
            return Err(Error::Dead);
        }
        // A segment that may be in place, or not, must not be followed by rounds in the one before it.
        self.is_dead = true;
        let refused = match self.make_room(bytes) {
            Ok(()) => None,
            Err(source) if is_lack_of_room(&source) => Some(Error::NoRoom { bytes, source }),
            Err(source) if is_passing(&source) => Some(Error::Exhausted { bytes, source }),
            Err(source) => return Err(Error::io("extend", &self.directory)(source)),
        };
        self.is_dead = false;
        refused.map_or(Ok(()), Err)
    }

    fn commit(&mut self, expected: &TreeHead, round: &Round) -> Result<(), Error> {
        if self.is_dead {
            return Err(Error::Dead);
        }
        // What a failed append left on disk is unknown: only a load can tell.
        self.is_dead = true;
        if *expected != self.head || round.first != self.head.size {
            return Err(Error::HeadMismatch {
                expected: expected.size,
                actual: self.head.size,
            });
        }
        self.append(round)?;
        self.head = round.head;
        self.is_dead = false;
        self.prepare_spare();
        Ok(())
    }

    fn trim(&mut self, below_size: u64) -> Result<(), Error> {
        if self.is_dead {
            return Err(Error::Dead);
        }
        let is_idle = self.trimming.is_idle();
        if !is_idle.map_err(Error::io("trim", &self.directory))? {
            // The next call removes it too.
            return Ok(());
        }
        let Segments { oldest, filled, .. } = &mut self.segments;
        let (all, most) = (filled.iter(), filled.len().saturating_sub(1));
        let old = all.take(most).take_while(|(_, size)| *size <= below_size);
        let (count, Some((newest, _))) = (old.clone().count(), old.last().copied()) else {
            return Ok(());
        };
        let directory = Directory {
            path: self.directory.clone(),
            file: Arc::clone(&self.opened_directory),
        };
        self.trimming
            .start(directory, *oldest..=newest, self.sync_directory)
            .map_err(Error::io("trim", &self.directory))?;
        filled.drain(..count);
        *oldest = newest + 1;
        Ok(())
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        // The lock must outlive whatever still changes the directory.
        self.spare.wait();
        self.trimming.wait();
    }
}

fn lock(directory: &Path) -> Result<File, Error> {
    let place = directory.join(LOCK);
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .write(true)
        .truncate(false)
        .open(&place)
        .map_err(Error::io("open", &place))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::Fenced),
        Err(fs::TryLockError::Error(source)) => Err(Error::io("lock", &place)(source)),
    }
}

const LOCK: &str = "lock";

/// Large enough that a new segment is rare, small enough to be read whole at start.
const SEGMENT_BYTES: usize = 8 << 20;

/// More than most rounds take; the buffer of a burst is given back afterwards.
const BUFFER_BYTES_KEPT: usize = 2 << 20;

#[cfg(test)]
mod tests;
