use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use merkle::TreeHead;

use crate::record::{Chain, HEADER_BYTES, Header, record_bytes};
use crate::segment::{self, Found, SECTOR_BYTES, Segment, Start};
use crate::{Error, Journal, Round};

/// A journal in preallocated segment files below one directory, used by one process.
#[derive(Debug)]
pub struct FileJournal {
    directory: PathBuf,
    segment_bytes: usize,
    /// Held for as long as the journal lives; the kernel lets go of it when the process ends.
    _lock: File,
    /// Of every segment that holds a round, its number and the size after its last round; oldest first.
    filled: VecDeque<(u64, u64)>,
    current: Option<Segment>,
    spare: Option<JoinHandle<io::Result<()>>>,
    head: TreeHead,
    position: Position,
    buffer: Vec<u8>,
    is_dead: bool,
}

/// Where the next record goes in the journal's history.
#[derive(Debug, Clone, Copy)]
struct Position {
    number: u64,
    sequence: u64,
    chain: Chain,
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
        segment::create_directory(&directory).map_err(io_error("open", &directory))?;
        let lock = lock(&directory)?;
        remove_spare(&directory).map_err(io_error("clear", &directory))?;
        Ok(Self {
            directory,
            segment_bytes,
            _lock: lock,
            filled: VecDeque::new(),
            current: None,
            spare: None,
            head: TreeHead::empty(),
            position: Position {
                number: 0,
                sequence: 0,
                chain: [0; 32],
            },
            buffer: Vec::new(),
            // Until it is loaded, where it stands is unknown.
            is_dead: true,
        })
    }

    /// Reads one segment and leaves the journal positioned behind it.
    fn load_segment(
        &mut self,
        number: u64,
        is_last: bool,
        rounds: &mut Vec<Round>,
    ) -> Result<(), Error> {
        let place = segment::path(&self.directory, number);
        let bytes = fs::read(&place).map_err(io_error("read", &place))?;
        let start = Start::decode(&bytes).map_err(|why| damaged(&place, 0, why))?;
        if rounds.is_empty() && self.filled.is_empty() {
            self.position = Position {
                number,
                sequence: start.sequence,
                chain: start.chain,
            };
        }
        let expected = Start {
            number,
            sequence: self.position.sequence,
            chain: self.position.chain,
        };
        if start != expected {
            return Err(damaged(
                &place,
                0,
                "the segment does not follow the one before it",
            ));
        }
        let mut end = SECTOR_BYTES;
        let mut last = None;
        loop {
            let Position {
                sequence, chain, ..
            } = self.position;
            match segment::read_record(&bytes, end, sequence, &chain) {
                Found::Record(header, payload) => {
                    let round = Round::decode(payload)
                        .ok_or_else(|| damaged(&place, end, "a record is not a round"))?;
                    check_order(rounds.last(), &round).map_err(|why| damaged(&place, end, why))?;
                    rounds.push(round);
                    last = Some(end..end + record_bytes(payload.len()));
                    end += record_bytes(payload.len());
                    self.position = Position {
                        number,
                        sequence: sequence + 1,
                        chain: header.chain,
                    };
                }
                Found::End => break,
                Found::Torn if is_last => {
                    tracing::warn!(
                        segment = number,
                        offset = end,
                        "cut off an interrupted append"
                    );
                    break;
                }
                Found::Torn => {
                    return Err(damaged(
                        &place,
                        end,
                        "a torn record before the last segment",
                    ));
                }
                Found::Damaged(why) => return Err(damaged(&place, end, why)),
            }
        }
        if let Some(round) = rounds.last().filter(|_| last.is_some()) {
            self.filled.push_back((number, round.head.size));
        }
        self.position.number = number;
        if is_last {
            let last = last.and_then(|range| Some((range.start, bytes.get(range)?)));
            self.current = Some(settle(&place, number, &bytes, end, last)?);
        }
        Ok(())
    }

    /// Makes the current segment one that has room for the payload.
    fn make_room(&mut self, payload_bytes: usize) -> io::Result<()> {
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.has_room(payload_bytes))
        {
            return Ok(());
        }
        let spare = self.directory.join(SPARE);
        let needed = SECTOR_BYTES + record_bytes(payload_bytes);
        let prepared = self.spare.take().map(JoinHandle::join);
        let is_ready = matches!(prepared, Some(Ok(Ok(())))) && needed <= self.segment_bytes;
        if !is_ready {
            segment::write_zeroed(&spare, needed.max(self.segment_bytes))?;
        }
        let Position {
            number,
            sequence,
            chain,
        } = self.position;
        let number = if self.current.is_some() {
            number + 1
        } else {
            number
        };
        self.current = Some(Segment::begin(
            &self.directory,
            &spare,
            &Start {
                number,
                sequence,
                chain,
            },
        )?);
        self.position.number = number;
        Ok(())
    }

    /// Writes the zeros of the next segment while this one is still being filled.
    fn prepare_spare(&mut self) {
        let is_half_full = self
            .current
            .as_ref()
            .is_some_and(|current| current.end * 2 > current.capacity);
        if !is_half_full || self.spare.is_some() {
            return;
        }
        let (place, bytes) = (self.directory.join(SPARE), self.segment_bytes);
        let thread = std::thread::Builder::new().name("journal-spare".to_owned());
        // Without a thread the segment is written when it is needed.
        self.spare = thread
            .spawn(move || segment::write_zeroed(&place, bytes))
            .ok();
    }

    fn append(&mut self, round: &Round) -> Result<(), Error> {
        self.buffer.clear();
        self.buffer.resize(HEADER_BYTES, 0);
        round.encode(&mut self.buffer);
        let payload_bytes = self.buffer.len() - HEADER_BYTES;
        self.make_room(payload_bytes)
            .map_err(io_error("extend", &self.directory))?;
        let Some((head, payload)) = self.buffer.split_first_chunk_mut::<HEADER_BYTES>() else {
            return Err(Error::Dead);
        };
        let header = Header::of(payload, self.position.sequence, &self.position.chain);
        *head = header.encode();
        self.buffer.resize(record_bytes(payload_bytes), 0);
        let Some(current) = self.current.as_mut() else {
            return Err(Error::Dead);
        };
        current
            .append(&self.buffer)
            .map_err(io_error("append to", &self.directory))?;
        let number = current.number;
        self.position = Position {
            number,
            sequence: header.sequence + 1,
            chain: header.chain,
        };
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);
        match self.filled.back_mut() {
            Some((last, size)) if *last == number => *size = round.head.size,
            _ => self.filled.push_back((number, round.head.size)),
        }
        Ok(())
    }
}

impl Journal for FileJournal {
    fn load(&mut self) -> Result<Vec<Round>, Error> {
        let numbers =
            segment_numbers(&self.directory).map_err(io_error("list", &self.directory))?;
        let mut rounds = Vec::new();
        for (index, number) in numbers.iter().enumerate() {
            self.load_segment(*number, index + 1 == numbers.len(), &mut rounds)?;
        }
        segment::sync_directory(&self.directory).map_err(io_error("sync", &self.directory))?;
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
        self.make_room(bytes)
            .map_err(|source| Error::NoRoom { bytes, source })
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
        while self.filled.len() > 1 {
            let Some((number, _)) = self
                .filled
                .front()
                .copied()
                .filter(|(_, size)| *size <= below_size)
            else {
                break;
            };
            let place = segment::path(&self.directory, number);
            // One at a time: after a power cut a younger segment must not be gone while an older one is back.
            fs::remove_file(&place)
                .and_then(|()| segment::sync_directory(&self.directory))
                .map_err(io_error("remove", &place))?;
            self.filled.pop_front();
        }
        Ok(())
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        // The lock must outlive whatever still writes into the directory.
        if let Some(spare) = self.spare.take() {
            let _ = spare.join();
        }
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
        .map_err(io_error("open", &place))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::Fenced),
        Err(fs::TryLockError::Error(source)) => Err(io_error("lock", &place)(source)),
    }
}

fn remove_spare(directory: &Path) -> io::Result<()> {
    match fs::remove_file(directory.join(SPARE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn segment_numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        numbers.extend(segment::number_of(&entry?.path()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn check_order(before: Option<&Round>, round: &Round) -> Result<(), &'static str> {
    match before {
        Some(before) if before.head.size != round.first => {
            Err("a round does not start where the last one ended")
        }
        Some(before) if before.time_millis > round.time_millis => {
            Err("a round is older than the one before it")
        }
        _ => Ok(()),
    }
}

/// Makes sure that what was read is on the medium, and clears an interrupted append.
///
/// After a failed sync the kernel may show bytes that never reached the medium and call them clean. Writing the last
/// record again makes them dirty; all records before it were synced by the commits that followed them.
fn settle(
    place: &Path,
    number: u64,
    bytes: &[u8],
    end: usize,
    last: Option<(usize, &[u8])>,
) -> Result<Segment, Error> {
    let settled = || {
        let file = OpenOptions::new().read(true).write(true).open(place)?;
        if let Some((offset, record)) = last {
            file.write_all_at(record, offset as u64)?;
        }
        let rest = bytes.get(end..).unwrap_or_default();
        if rest.iter().any(|byte| *byte != 0) {
            file.write_all_at(&vec![0; rest.len()], end as u64)?;
        }
        file.sync_all()?;
        Ok(Segment {
            file,
            number,
            end,
            capacity: bytes.len(),
        })
    };
    settled().map_err(io_error("settle", place))
}

fn io_error(action: &'static str, place: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io {
        action,
        place: place.display().to_string(),
        source,
    }
}

fn damaged(place: &Path, offset: usize, why: &'static str) -> Error {
    Error::Damaged {
        place: format!("{} at offset {offset}", place.display()),
        why,
    }
}

const LOCK: &str = "lock";

const SPARE: &str = "spare";

/// Large enough that a new segment is rare, small enough to be read whole at start.
const SEGMENT_BYTES: usize = 8 << 20;

/// A burst's buffer is given back afterwards.
const BUFFER_BYTES_KEPT: usize = 256 * 1024;

#[cfg(test)]
mod tests;
