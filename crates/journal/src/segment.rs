//! One segment file: a header of one sector, then records, then zeros up to its preallocated length.
//!
//! Header: `sigstead-journal` (16 bytes), version, number, sequence of the first record, chain hash before it, checksum;
//! integers are little endian. All of a segment is written as zeros and synced before its first record, so that a commit
//! changes no file metadata and needs one `fdatasync`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::record::{Chain, HEADER_BYTES, Header, record_bytes};
use crate::spare::Zeroed;

/// A segment that takes records.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) file: File,
    pub(crate) number: u64,
    pub(crate) end: usize,
    pub(crate) capacity: usize,
}

/// A place in the journal's history: the segment's number, the next record's, and the chain hash before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) number: u64,
    pub(crate) sequence: u64,
    pub(crate) chain: Chain,
}

/// Makes durable what was renamed or removed in a directory; [`sigstead_durable::sync`] outside of tests.
///
/// The directory is open for as long as the journal is, so that no descriptor is needed at a moment when a failure would
/// leave it unknown which segments there are.
pub(crate) type SyncDirectory = fn(&File) -> io::Result<()>;

impl Segment {
    /// Puts a zeroed file in place as the segment that starts here.
    ///
    /// Its start is the end of the segment before it, so no record may go there any more once this one can be found on
    /// the medium. After a failed sync of the directory that is unknown, whatever the reason given; a lack of room is
    /// only told as such when the segment is not in place, and so is a lack of memory.
    pub(crate) fn begin(
        directory: &Path,
        zeroed: Zeroed,
        start: &Position,
        sync_directory: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Self> {
        let Zeroed { place, file } = zeroed;
        let capacity = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        file.write_all_at(&start.encode(), 0)?;
        sigstead_durable::sync(&file)?;
        sigstead_durable::rename(&place, &path(directory, start.number))?;
        sync_directory().map_err(io::Error::other)?;
        Ok(Self {
            file,
            number: start.number,
            end: SECTOR_BYTES,
            capacity,
        })
    }

    pub(crate) fn has_room(&self, payload_bytes: usize) -> bool {
        self.end + record_bytes(payload_bytes) <= self.capacity
    }

    /// Writes a whole record and makes it durable: the only sync on the way to an acknowledgement.
    pub(crate) fn append(&mut self, record: &[u8]) -> io::Result<()> {
        self.file.write_all_at(record, self.end as u64)?;
        sigstead_durable::sync_content(&self.file)?;
        self.end += record.len();
        Ok(())
    }
}

impl Position {
    fn encode(&self) -> [u8; SECTOR_BYTES] {
        let mut bytes = [0; SECTOR_BYTES];
        bytes[0..16].copy_from_slice(MAGIC);
        bytes[16..20].copy_from_slice(&VERSION.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.number.to_le_bytes());
        bytes[28..36].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[36..68].copy_from_slice(&self.chain);
        let own = crc32c::crc32c(&bytes[..SECTOR_BYTES - 4]);
        bytes[SECTOR_BYTES - 4..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// Reads a segment's first sector.
    pub(crate) fn decode(segment: &[u8]) -> Result<Self, &'static str> {
        let bytes = segment
            .get(..SECTOR_BYTES)
            .ok_or("shorter than its header")?;
        let rest = bytes.strip_prefix(MAGIC).ok_or("not a journal segment")?;
        let (version, rest) = rest.split_first_chunk().ok_or("short header")?;
        let (number, rest) = rest.split_first_chunk().ok_or("short header")?;
        let (sequence, rest) = rest.split_first_chunk().ok_or("short header")?;
        let (chain, _) = rest.split_first_chunk().ok_or("short header")?;
        let (covered, own) = bytes.split_last_chunk::<4>().ok_or("short header")?;
        if crc32c::crc32c(covered) != u32::from_le_bytes(*own) {
            return Err("the header's checksum does not match");
        }
        if u32::from_le_bytes(*version) != VERSION {
            return Err("written by another version of this program");
        }
        Ok(Self {
            number: u64::from_le_bytes(*number),
            sequence: u64::from_le_bytes(*sequence),
            chain: *chain,
        })
    }
}

/// What stands at one offset of a segment.
pub(crate) enum Found<'a> {
    /// A whole record and its payload.
    Record(Header, &'a [u8]),
    /// Nothing but zeros from here on.
    End,
    /// What an append leaves that a crash interrupted.
    Torn,
    /// Bytes that were written once and are no longer what was written.
    Damaged(&'static str),
}

/// Reads the record at an offset, telling an interrupted append from damage.
///
/// Only the last append of a journal can be interrupted, and what it leaves has a trace: a sector that still holds the
/// zeros of the preallocation. Everything else that does not verify is damage, because guessing would roll back what was
/// acknowledged.
pub(crate) fn read_record<'a>(
    segment: &'a [u8],
    offset: usize,
    sequence: u64,
    before: &Chain,
) -> Found<'a> {
    let rest = segment.get(offset..).unwrap_or_default();
    let Some((header, behind)) = rest.split_first_chunk::<HEADER_BYTES>() else {
        return Found::End;
    };
    if is_zero(header) {
        return after_missing_header(behind, sequence);
    }
    let Some(header) = Header::decode(header) else {
        return Found::Damaged("a record's header does not match its checksum");
    };
    if header.sequence != sequence {
        return Found::Damaged("a record is missing or out of order");
    }
    let Some(payload) = behind.get(..header.length as usize) else {
        return Found::Damaged("a record is longer than its segment");
    };
    if header.matches(payload, before) {
        return Found::Record(header, payload);
    }
    let end = offset + record_bytes(payload.len());
    after_mismatch(segment, offset, end, sequence)
}

/// A whole header before other bytes than those it was written for.
fn after_mismatch(segment: &[u8], offset: usize, end: usize, sequence: u64) -> Found<'_> {
    let later = segment.get(end..).unwrap_or_default();
    if has_unwritten_sector(segment, offset, end) && !holds_record(later, sequence) {
        Found::Torn
    } else {
        Found::Damaged("a record does not match its checksum or its past")
    }
}

/// Zeros where a header should be: the end, or an append whose first sector was not written.
fn after_missing_header(behind: &[u8], sequence: u64) -> Found<'_> {
    if is_zero(behind) {
        Found::End
    } else if holds_record(behind, sequence) {
        Found::Damaged("a record was overwritten by zeros")
    } else {
        Found::Torn
    }
}

/// Whether a record that was written at or after `sequence` stands anywhere in these bytes, which start at a record's
/// alignment.
fn holds_record(bytes: &[u8], sequence: u64) -> bool {
    let (blocks, _) = bytes.as_chunks::<HEADER_BYTES>();
    blocks
        .iter()
        .filter_map(Header::decode)
        .any(|header| header.sequence >= sequence)
}

fn has_unwritten_sector(segment: &[u8], start: usize, end: usize) -> bool {
    let first = start.next_multiple_of(SECTOR_BYTES);
    let sectors = segment.get(first..end.next_multiple_of(SECTOR_BYTES).min(segment.len()));
    sectors
        .unwrap_or_default()
        .chunks(SECTOR_BYTES)
        .any(is_zero)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

pub(crate) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:016x}.{SUFFIX}"))
}

/// The number of a segment file, or `None` for another kind of file.
fn number_of(path: &Path) -> Option<u64> {
    if path.extension()? != SUFFIX {
        return None;
    }
    u64::from_str_radix(path.file_stem()?.to_str()?, 16).ok()
}

/// The numbers of a directory's segments, in order.
pub(crate) fn numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        numbers.extend(number_of(&entry?.path()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The unit that a disk writes whole or not at all.
pub(crate) const SECTOR_BYTES: usize = 512;

const MAGIC: &[u8; 16] = b"sigstead-journal";

const VERSION: u32 = 1;

const SUFFIX: &str = "segment";
