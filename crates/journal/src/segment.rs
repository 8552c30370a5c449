//! One segment file: a header of one sector, then records, then zeros up to its preallocated length.
//!
//! Header: `sigstead-journal` (16 bytes), version, number, sequence of the first record, chain hash before it, checksum;
//! integers are little endian. All of a segment is written as zeros and synced before its first record, so that a commit
//! changes no file metadata and needs one `fdatasync`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::record::{Chain, HEADER_BYTES, Header, record_bytes};

/// A segment that takes records.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) file: File,
    pub(crate) number: u64,
    pub(crate) end: usize,
    pub(crate) capacity: usize,
}

/// Where a segment begins in the journal's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) number: u64,
    pub(crate) sequence: u64,
    pub(crate) chain: Chain,
}

impl Segment {
    /// Puts a zeroed file in place as the segment that starts here.
    pub(crate) fn begin(directory: &Path, zeroed: &Path, start: &Start) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(zeroed)?;
        let capacity = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        file.write_all_at(&start.encode(), 0)?;
        file.sync_all()?;
        fs::rename(zeroed, path(directory, start.number))?;
        sync_directory(directory)?;
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
        self.file.sync_data()?;
        self.end += record.len();
        Ok(())
    }
}

impl Start {
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

/// Writes a file of zeros that is later put in place by [`Segment::begin`].
///
/// Refused while there is room left, so that what the log has taken can still go to cold storage, and an operator can log
/// in and make more.
pub(crate) fn write_zeroed(place: &Path, bytes: usize) -> io::Result<()> {
    let space = rustix::fs::statvfs(place.parent().unwrap_or(place))?;
    let in_bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize);
    let (free, total) = (in_bytes(space.f_bavail), in_bytes(space.f_blocks));
    check_space(free, total, bytes as u64)?;
    let mut file = File::create(place)?;
    let zeros = vec![0; ZERO_CHUNK_BYTES];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(zeros.len());
        file.write_all(zeros.get(..now).unwrap_or_default())?;
        left -= now;
    }
    file.sync_all()
}

/// Keeps a twentieth of the file system free, but no more than half a gibibyte.
fn check_space(free: u64, total: u64, needed: u64) -> io::Result<()> {
    let kept = (total / 20).min(MOST_KEPT_FREE);
    if free < needed.saturating_add(kept) {
        let why = format!("{free} bytes are free, and {kept} of them are kept so");
        return Err(io::Error::new(io::ErrorKind::StorageFull, why));
    }
    Ok(())
}

pub(crate) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:016x}.{SUFFIX}"))
}

/// The number of a segment file, or `None` for another kind of file.
pub(crate) fn number_of(path: &Path) -> Option<u64> {
    if path.extension()? != SUFFIX {
        return None;
    }
    u64::from_str_radix(path.file_stem()?.to_str()?, 16).ok()
}

/// Makes a directory and those above it, each durable in the one that holds it: a synced file is worth no more than the
/// path to it.
pub(crate) fn create_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_directory(parent)?;
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_directory(parent),
    }
}

pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

const MOST_KEPT_FREE: u64 = 512 * 1024 * 1024;

/// The unit that a disk writes whole or not at all.
pub(crate) const SECTOR_BYTES: usize = 512;

const MAGIC: &[u8; 16] = b"sigstead-journal";

const VERSION: u32 = 1;

const SUFFIX: &str = "segment";

const ZERO_CHUNK_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
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
            let checked = check_space(free, total, needed);
            assert_eq!(checked.is_ok(), is_enough, "{free} of {total} for {needed}");
        }
    }
}
