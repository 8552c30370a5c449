//! An append-only file of checksummed records, for what cannot be rebuilt from anything else.
//!
//! Layout: a header of 16 bytes, then records. A record is its length, a checksum over length and position, a checksum
//! over its content (each 4 bytes, little endian), and its content. Length and position have a checksum of their own, so
//! that a damaged length is not taken for the torn end of the file.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::Error;
use crate::private;

/// A file of records, open for appending by one process.
#[derive(Debug)]
pub struct RecordFile {
    file: File,
    end: u64,
    is_stopped: bool,
    torn_bytes: u64,
}

impl RecordFile {
    /// Opens the file and reads its records, making it when it is not there. Only the user of the process can read it.
    ///
    /// The torn rest of an append that a crash interrupted is cut off; [`RecordFile::torn_bytes`] tells.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the offset when a record is not what was written, [`Error::Io`] when the file cannot be
    /// read or is open elsewhere.
    pub fn open(path: impl AsRef<Path>) -> Result<(Self, Vec<Vec<u8>>), Error> {
        let path = path.as_ref();
        let mut file = open_locked(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(Error::io("read the record file"))?;
        if bytes.len() < HEADER.len() && HEADER.starts_with(&bytes) {
            file.set_len(0)
                .map_err(Error::io("begin the record file"))?;
            file.rewind().map_err(Error::io("begin the record file"))?;
            file.write_all(HEADER)
                .map_err(Error::io("begin the record file"))?;
            bytes = HEADER.to_vec();
        }
        let (records, end) = read_records(path, &bytes)?;
        let torn_bytes = length(&bytes) - end;
        let mut opened = Self {
            file,
            end,
            is_stopped: false,
            torn_bytes,
        };
        opened.settle(path)?;
        Ok((opened, records))
    }

    /// Reads the records of a file and changes nothing; another process may have it open. A file that is not there has
    /// none.
    ///
    /// # Errors
    /// As [`RecordFile::open`].
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Vec<u8>>, Error> {
        let path = path.as_ref();
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read the record file")(error)),
        };
        if bytes.len() < HEADER.len() && HEADER.starts_with(&bytes) {
            return Ok(Vec::new());
        }
        read_records(path, &bytes).map(|(records, _)| records)
    }

    /// The number of the format of a file; `None` of one that is not there, or was not begun.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a file of another kind, [`Error::Io`].
    pub fn format(path: impl AsRef<Path>) -> Result<Option<u32>, Error> {
        let path = path.as_ref();
        let failed = Error::io("read the record file");
        let mut head = Vec::new();
        let read = match File::open(path) {
            Ok(file) => file.take(length(HEADER)).read_to_end(&mut head),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
        };
        read.map_err(failed)?;
        match number(&head) {
            Some(number) => Ok(Some(number)),
            None if HEADER.starts_with(&head) => Ok(None),
            None => Err(Error::Damaged {
                what: format!("{} is no record file", path.display()),
            }),
        }
    }

    /// Appends a record; it is durable when this answers `Ok`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a record above 16 MiB. After [`Error::Io`] the file takes no more records
    /// ([`Error::Stopped`]) until it is opened again.
    pub fn append(&mut self, record: &[u8]) -> Result<(), Error> {
        self.append_all(&[record])
    }

    /// Appends records with one write and one sync; they are durable when this answers `Ok`. After a crash in between, the
    /// first few of them may be there.
    ///
    /// # Errors
    /// As [`RecordFile::append`]; nothing was written if a record is too large.
    pub fn append_all(&mut self, records: &[&[u8]]) -> Result<(), Error> {
        self.write(records, sigstead_durable::sync_content)
    }

    /// Appends records without a sync. They outlive the process, and a power cut once a later append answered `Ok`.
    ///
    /// # Errors
    /// As [`RecordFile::append_all`].
    pub fn append_unsynced(&mut self, records: &[&[u8]]) -> Result<(), Error> {
        self.write(records, |_| Ok(()))
    }

    fn write(
        &mut self,
        records: &[&[u8]],
        sync: impl FnOnce(&File) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.is_stopped {
            return Err(Error::Stopped);
        }
        let mut framed = Vec::new();
        for record in records {
            let offset = self.end + length(&framed);
            framed.extend(frame(record, offset)?);
        }
        let written = self.file.write_all(&framed).and_then(|()| sync(&self.file));
        // What a failed write or sync left on disk is unknown, and a second sync would not tell.
        self.is_stopped = written.is_err();
        written.map_err(Error::io("append to the record file"))?;
        self.end += length(&framed);
        Ok(())
    }

    /// Cuts off what a failed append left, for a file that is not written any more: its readers would find records that
    /// nobody was told are in it. This needs no room.
    ///
    /// # Errors
    /// [`Error::Io`]; the rest may stay then.
    pub fn abandon(self) -> Result<(), Error> {
        self.file
            .set_len(self.end)
            .and_then(|()| sigstead_durable::sync(&self.file))
            .map_err(Error::io("cut the record file"))
    }

    /// How many bytes the file has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.end
    }

    /// How many bytes of an interrupted append were cut off when the file was opened.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Makes what was read durable before anyone builds on it, and leaves the position at the end.
    fn settle(&mut self, path: &Path) -> Result<(), Error> {
        self.file
            .set_len(self.end)
            .and_then(|()| self.file.seek(SeekFrom::Start(self.end)))
            .and_then(|_| sigstead_durable::sync(&self.file))
            .and_then(|()| sigstead_durable::sync_directory(sigstead_durable::parent(path)))
            .map_err(Error::io("sync the record file"))
    }
}

fn open_locked(path: &Path) -> Result<File, Error> {
    sigstead_durable::create_private_directory(sigstead_durable::parent(path))
        .map_err(Error::io("make the record file's directory"))?;
    let file = private::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(Error::io("open the record file"))?;
    file.try_lock()
        .map_err(|error| Error::io("lock the record file")(error.into()))?;
    private::narrow(path)?;
    Ok(file)
}

/// The records of a whole file, and where the last good one ends.
fn read_records(path: &Path, bytes: &[u8]) -> Result<(Vec<Vec<u8>>, u64), Error> {
    let damaged = |offset: usize, why: &str| Error::Damaged {
        what: format!("{} at offset {offset}: {why}", path.display()),
    };
    let Some(mut rest) = bytes.strip_prefix(HEADER) else {
        return Err(match number(bytes) {
            Some(found) if found > FORMAT => Error::Newer {
                path: path.display().to_string(),
                found,
                known: FORMAT,
            },
            _ => damaged(0, "not a record file"),
        });
    };
    let mut records = Vec::new();
    loop {
        let offset = bytes.len() - rest.len();
        match read_record(rest, offset as u64) {
            Found::Record(record, behind) => {
                records.push(record.to_vec());
                rest = behind;
            }
            Found::End => return Ok((records, offset as u64)),
            Found::Damaged(why) => return Err(damaged(offset, why)),
        }
    }
}

/// The number of the format in a header, which has room for two digits.
fn number(bytes: &[u8]) -> Option<u32> {
    let head = bytes.get(..HEADER.len())?.strip_prefix(MAGIC)?;
    let digits = std::str::from_utf8(head).ok()?.trim_end_matches('\n');
    digits.parse().ok().filter(|number| *number > 0)
}

enum Found<'a> {
    Record(&'a [u8], &'a [u8]),
    /// Nothing, or what an interrupted append leaves: a short or zeroed rest.
    End,
    Damaged(&'static str),
}

fn read_record(rest: &[u8], offset: u64) -> Found<'_> {
    let Some((prefix, behind)) = rest.split_first_chunk::<PREFIX_BYTES>() else {
        return Found::End;
    };
    let [size, prefix_sum, content_sum] = words(prefix);
    if prefix_sum != prefix_checksum(size, offset) {
        let is_zeroed = rest.iter().all(|byte| *byte == 0);
        return if is_zeroed {
            Found::End
        } else {
            Found::Damaged("the length is damaged")
        };
    }
    let Some((content, behind)) = behind.split_at_checked(size as usize) else {
        return Found::End;
    };
    if crc32c::crc32c(content) == content_sum {
        return Found::Record(content, behind);
    }
    // The file's length can reach the disk before its content does; the content is zeros then.
    if behind.is_empty()
        && content
            .iter()
            .rev()
            .take(SECTOR_BYTES)
            .all(|byte| *byte == 0)
    {
        return Found::End;
    }
    Found::Damaged("the checksum does not match")
}

fn frame(record: &[u8], offset: u64) -> Result<Vec<u8>, Error> {
    let size = u32::try_from(record.len())
        .ok()
        .filter(|_| record.len() <= RECORD_BYTES_AT_MOST);
    let Some(size) = size else {
        return Err(Error::TooLarge {
            bytes: record.len(),
            limit: RECORD_BYTES_AT_MOST,
        });
    };
    let mut framed = Vec::with_capacity(PREFIX_BYTES + record.len());
    for word in [size, prefix_checksum(size, offset), crc32c::crc32c(record)] {
        framed.extend_from_slice(&word.to_le_bytes());
    }
    framed.extend_from_slice(record);
    Ok(framed)
}

fn words(prefix: &[u8; PREFIX_BYTES]) -> [u32; 3] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *prefix;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes)
}

fn prefix_checksum(size: u32, offset: u64) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&size.to_le_bytes()), &offset.to_le_bytes())
}

fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

/// Name and version of the format.
/// The only format so far. The records in a file have no numbers of their own: another form of them is another format of it.
const FORMAT: u32 = 1;

const MAGIC: &[u8] = b"sigstead-rec v";

const HEADER: &[u8; 16] = b"sigstead-rec v1\n";

const PREFIX_BYTES: usize = 12;

const SECTOR_BYTES: usize = 512;

/// Keeps a damaged length from being an allocation.
const RECORD_BYTES_AT_MOST: usize = 16 << 20;

#[cfg(test)]
mod tests;
