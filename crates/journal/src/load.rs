//! What stands in a journal's directory: its rounds, and where the next one goes.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::record::{Header, record_bytes};
use crate::segment::{self, Found, Position, SECTOR_BYTES, Segment};
use crate::{Error, Round};

/// The segments of a journal.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    /// The number of the first segment that is not trimmed.
    pub(crate) oldest: u64,
    /// Of every segment that holds a round, its number and the size after its last round; oldest first.
    pub(crate) filled: VecDeque<(u64, u64)>,
    /// The one that takes records.
    pub(crate) current: Option<Segment>,
    /// Where the next record goes.
    pub(crate) position: Position,
}

/// A segment as it was read.
pub(crate) struct Stored<'a> {
    pub(crate) place: &'a Path,
    pub(crate) number: u64,
    pub(crate) bytes: &'a [u8],
    /// Only the last one of a journal can have a torn end.
    pub(crate) is_last: bool,
}

/// What a segment holds.
pub(crate) struct Scanned {
    /// Where its last record begins.
    pub(crate) last: Option<usize>,
    /// Where the next one goes.
    pub(crate) end: usize,
}

impl Segments {
    /// Reads all segments of a directory, and makes the last one ready for more records.
    pub(crate) fn load(directory: &Path) -> Result<(Self, Vec<Round>), Error> {
        let numbers = segment::numbers(directory).map_err(Error::io("list", directory))?;
        let mut segments = Self {
            oldest: numbers.first().copied().unwrap_or_default(),
            ..Self::default()
        };
        let mut rounds = Vec::new();
        for number in &numbers {
            let is_last = numbers.last() == Some(number);
            let read = segments.read(directory, *number, is_last, &mut rounds)?;
            if is_last {
                segments.current = Some(read.settle(directory)?);
            }
        }
        Ok((segments, rounds))
    }

    /// Where a segment begins that is started now.
    pub(crate) fn next_start(&self) -> Position {
        let current = self.current.as_ref();
        Position {
            number: current.map_or(self.position.number, |current| current.number + 1),
            ..self.position
        }
    }

    /// Goes on behind a record, which was appended to the segment of this number or read from it.
    pub(crate) fn advance(&mut self, number: u64, record: &Header, size: u64) {
        self.position = Position {
            number,
            sequence: record.sequence + 1,
            chain: record.chain,
        };
        match self.filled.back_mut() {
            Some((last, its_size)) if *last == number => *its_size = size,
            _ => self.filled.push_back((number, size)),
        }
    }

    /// Reads one segment and stands behind it.
    fn read(
        &mut self,
        directory: &Path,
        number: u64,
        is_last: bool,
        rounds: &mut Vec<Round>,
    ) -> Result<ReadSegment, Error> {
        let place = segment::path(directory, number);
        let bytes = fs::read(&place).map_err(Error::io("read", &place))?;
        let stored = Stored {
            place: &place,
            number,
            bytes: &bytes,
            is_last,
        };
        let Scanned { last, end } = self.scan(&stored, rounds)?;
        Ok(ReadSegment {
            number,
            bytes,
            end,
            last,
        })
    }

    /// Reads the records of a segment and is behind them then.
    pub(crate) fn scan(
        &mut self,
        stored: &Stored<'_>,
        rounds: &mut Vec<Round>,
    ) -> Result<Scanned, Error> {
        let place = stored.place;
        self.begin(stored.number, stored.bytes)
            .map_err(|why| Error::damaged(place, 0, why))?;
        let (mut last, mut end) = (None, SECTOR_BYTES);
        while let Some((header, payload)) = self.record(stored, end)? {
            let round =
                decode(payload, rounds.last()).map_err(|why| Error::damaged(place, end, why))?;
            self.advance(stored.number, &header, round.head.size);
            rounds.push(round);
            last = Some(end);
            end += record_bytes(payload.len());
        }
        Ok(Scanned { last, end })
    }

    /// The same place in the history, without the segment that takes records.
    pub(crate) fn fork(&self) -> Self {
        Self {
            oldest: self.oldest,
            filled: self.filled.clone(),
            current: None,
            position: self.position,
        }
    }

    /// Checks that a segment goes on where the one before it ended; the first that holds a round begins anywhere.
    fn begin(&mut self, number: u64, bytes: &[u8]) -> Result<(), &'static str> {
        let start = Position::decode(bytes)?;
        let expected = if self.filled.is_empty() {
            start
        } else {
            self.position
        };
        self.position = Position { number, ..expected };
        if start == self.position {
            Ok(())
        } else {
            Err("the segment does not follow the one before it")
        }
    }

    /// The record at an offset, or `None` at the end of the segment.
    fn record<'a>(
        &self,
        stored: &Stored<'a>,
        offset: usize,
    ) -> Result<Option<(Header, &'a [u8])>, Error> {
        let Position {
            number,
            sequence,
            chain,
        } = self.position;
        match segment::read_record(stored.bytes, offset, sequence, &chain) {
            Found::Record(header, payload) => Ok(Some((header, payload))),
            Found::End => Ok(None),
            Found::Torn if stored.is_last => {
                tracing::warn!(segment = number, offset, "cut off an interrupted append");
                Ok(None)
            }
            Found::Torn => {
                let why = "a torn record before the last segment";
                Err(Error::damaged(stored.place, offset, why))
            }
            Found::Damaged(why) => Err(Error::damaged(stored.place, offset, why)),
        }
    }
}

/// Reads the newest round of a journal that another process may hold, and changes nothing: nothing is locked, and an
/// interrupted append stays where it is. `None` if there is no round yet.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read, as while its process trims the journal, and [`Error::Damaged`], which a
/// reader may also see in the middle of an append: ask again before it is believed.
pub fn last_round(directory: &Path) -> Result<Option<Round>, Error> {
    let numbers = segment::numbers(directory).map_err(Error::io("list", directory))?;
    let (mut segments, mut rounds) = (Segments::default(), Vec::new());
    for number in &numbers {
        let is_last = numbers.last() == Some(number);
        segments.read(directory, *number, is_last, &mut rounds)?;
    }
    Ok(rounds.pop())
}

/// A segment as it was read.
struct ReadSegment {
    number: u64,
    bytes: Vec<u8>,
    /// Where its last record ends.
    end: usize,
    /// Where that record begins, if there is one.
    last: Option<usize>,
}

impl ReadSegment {
    /// Makes the segment ready for more records.
    fn settle(&self, directory: &Path) -> Result<Segment, Error> {
        let place = segment::path(directory, self.number);
        let settled = settle(&place, self.number, &self.bytes, self.end, self.last);
        settled.map_err(Error::io("settle", &place))
    }
}

/// Reads a round that follows the one before it.
fn decode(payload: &[u8], before: Option<&Round>) -> Result<Round, &'static str> {
    let round = Round::decode(payload).ok_or("a record is not a round")?;
    match before {
        Some(before) if before.head.size != round.first => {
            Err("a round does not start where the last one ended")
        }
        Some(before) if before.time_millis > round.time_millis => {
            Err("a round is older than the one before it")
        }
        _ => Ok(round),
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
    last: Option<usize>,
) -> io::Result<Segment> {
    let file = OpenOptions::new().read(true).write(true).open(place)?;
    if let Some((offset, record)) = last.and_then(|last| Some((last, bytes.get(last..end)?))) {
        file.write_all_at(record, offset as u64)?;
    }
    let rest = bytes.get(end..).unwrap_or_default();
    if rest.iter().any(|byte| *byte != 0) {
        file.write_all_at(&vec![0; rest.len()], end as u64)?;
    }
    sigstead_durable::sync(&file)?;
    Ok(Segment {
        file,
        number,
        end,
        capacity: bytes.len(),
    })
}
