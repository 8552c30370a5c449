//! A journal as it is at one moment, read while its process appends to it and removes what is in tiles.
//!
//! 1. The segments are listed and opened. If one is gone meanwhile, that is done again: what a journal forgets is in tiles
//!    of a size that the segments of the first listing need not reach.
//! 2. All but the last are never written again. Of the last one, what counts are the records that verify: one that was being
//!    written while it was read may be there in part, and so may be what is behind it.
//!
//! What was durable before the first step is in the snapshot. Nothing is locked and nothing is written.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use crate::load::{Segments, Stored};
use crate::segment;
use crate::{Error, Round};

/// A journal at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The files that make up a journal which holds the same rounds, oldest first.
    pub segments: Vec<SegmentCopy>,
    /// The last round, with the head; `None` of a journal that never had one.
    pub last: Option<Round>,
}

/// One file of a [`Snapshot`].
#[derive(Debug)]
pub struct SegmentCopy {
    /// Its name in the directory of the journal.
    pub name: String,
    /// In bytes.
    pub length: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Unchanging(File),
    Copied(Vec<u8>),
}

impl SegmentCopy {
    /// The content, as it was at that moment.
    #[must_use]
    pub fn reader(self) -> Box<dyn Read + Send> {
        match self.content {
            Content::Unchanging(file) => Box::new(file),
            Content::Copied(bytes) => Box::new(Cursor::new(bytes)),
        }
    }
}

impl Snapshot {
    /// Reads the journal in a directory, which a process may be using. A directory that is not there has an empty one.
    ///
    /// # Errors
    /// [`Error::Damaged`] as for [`crate::Journal::load`], and [`Error::Io`].
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let opened = open_all(directory).map_err(Error::io("open", directory))?;
        let mut reading = Reading {
            segments: Segments::default(),
            rounds: Vec::new(),
        };
        let mut copies = Vec::new();
        let count = opened.len();
        for (position, (number, file)) in opened.into_iter().enumerate() {
            let place = segment::path(directory, number);
            let copy = if position + 1 == count {
                reading.last(&place, number, &file)
            } else {
                reading.unchanging(&place, number, file)
            };
            copies.push(copy?);
        }
        Ok(Self {
            segments: copies,
            last: reading.rounds.pop(),
        })
    }
}

/// How far the reading is.
struct Reading {
    segments: Segments,
    /// No more than the last one is kept between two segments.
    rounds: Vec<Round>,
}

impl Reading {
    fn unchanging(
        &mut self,
        place: &Path,
        number: u64,
        mut file: File,
    ) -> Result<SegmentCopy, Error> {
        let bytes = read_whole(&file).map_err(Error::io("read", place))?;
        let stored = Stored {
            place,
            number,
            bytes: &bytes,
            is_last: false,
        };
        self.segments.scan(&stored, &mut self.rounds)?;
        self.forget();
        io::Seek::rewind(&mut file).map_err(Error::io("read", place))?;
        Ok(SegmentCopy {
            name: name(place),
            length: bytes.len() as u64,
            content: Content::Unchanging(file),
        })
    }

    /// Reads the segment that takes records. What looks like damage may be a record that was being written, which is
    /// whole when it is read again; damage stays.
    fn last(&mut self, place: &Path, number: u64, file: &File) -> Result<SegmentCopy, Error> {
        let mut attempts = 1;
        loop {
            match self.attempt(place, number, file) {
                Err(Error::Damaged { .. }) if attempts < ATTEMPTS => attempts += 1,
                done => return done,
            }
        }
    }

    fn attempt(&mut self, place: &Path, number: u64, file: &File) -> Result<SegmentCopy, Error> {
        let mut bytes = read_whole(file).map_err(Error::io("read", place))?;
        let stored = Stored {
            place,
            number,
            bytes: &bytes,
            is_last: true,
        };
        let (mut segments, mut rounds) = (self.segments.fork(), self.rounds.clone());
        let end = segments.scan(&stored, &mut rounds)?.end;
        bytes.truncate(end);
        (self.segments, self.rounds) = (segments, rounds);
        self.forget();
        Ok(SegmentCopy {
            name: name(place),
            length: bytes.len() as u64,
            content: Content::Copied(bytes),
        })
    }

    fn forget(&mut self) {
        let old = self.rounds.len().saturating_sub(1);
        self.rounds.drain(..old);
    }
}

/// The segments of a directory by their numbers, oldest first.
fn open_all(directory: &Path) -> io::Result<Vec<(u64, File)>> {
    let mut attempts = 1;
    loop {
        match open_listed(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempts < ATTEMPTS => {
                attempts += 1;
            }
            opened => return opened,
        }
    }
}

fn open_listed(directory: &Path) -> io::Result<Vec<(u64, File)>> {
    if !directory.try_exists()? {
        return Ok(Vec::new());
    }
    let numbers = segment::numbers(directory)?.into_iter();
    numbers
        .map(|number| Ok((number, File::open(segment::path(directory, number))?)))
        .collect()
}

fn read_whole(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Seek::rewind(&mut file)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn name(place: &Path) -> String {
    let name = place.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A record is written within microseconds, and a segment is read in milliseconds.
const ATTEMPTS: usize = 100;

#[cfg(test)]
mod tests;
