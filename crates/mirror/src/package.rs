use std::io::{self, Read};
use std::ops::Range;

use sigstead_checkpoint::Origin;
use sigstead_merkle::{HASH_LENGTH, NodeHash};
use sigstead_tiles::TILE_WIDTH;

/// What a request to add entries says of them (c2sp.org/tlog-mirror §Request Body).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadHeader {
    /// The log.
    pub origin: Origin,
    /// The first entry.
    pub start: u64,
    /// The size of the tree that the proofs are about.
    pub end: u64,
    /// What a mirror gave to be given back.
    pub ticket: Vec<u8>,
}

impl UploadHeader {
    /// The ranges of entries of the packages that follow, in their order: each ends where a bundle does, or the log.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let (end, mut start) = (self.end, self.start);
        std::iter::from_fn(move || {
            let range = start..end.min(end_of_bundle(start));
            start = range.end;
            (!range.is_empty()).then_some(range)
        })
    }

    /// The bytes of the header.
    ///
    /// # Errors
    /// The origin or the ticket is longer than 65535 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, FormError> {
        let mut bytes = short(self.origin.as_str().as_bytes())?;
        bytes.extend(self.start.to_be_bytes());
        bytes.extend(self.end.to_be_bytes());
        bytes.extend(short(&self.ticket)?);
        Ok(bytes)
    }

    /// Reads a header.
    ///
    /// # Errors
    /// The bytes cannot be read, end too soon, or are no header.
    pub fn read(reader: &mut impl Read) -> Result<Self, FormError> {
        let origin = read_short(reader)?;
        let origin = String::from_utf8(origin).map_err(|_| FormError::Origin)?;
        let origin = Origin::parse(&origin).map_err(|_| FormError::Origin)?;
        let (start, end) = (read_u64(reader)?, read_u64(reader)?);
        let ticket = read_short(reader)?;
        if start > end {
            return Err(FormError::Range { start, end });
        }
        Ok(Self {
            origin,
            start,
            end,
            ticket,
        })
    }
}

/// The entries of one bundle, or the new ones of it, and the proof that they stand in the tree (c2sp.org/tlog-mirror §Request
/// Body).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPackage {
    /// Which entries.
    pub range: Range<u64>,
    /// The entries in their order.
    pub entries: Vec<Vec<u8>>,
    /// The hashes of the proof that the subtree from the beginning of the bundle up to the last entry is a part of the tree.
    pub hashes: Vec<NodeHash>,
}

impl EntryPackage {
    /// The bytes of the package.
    ///
    /// # Errors
    /// An entry is longer than 65535 bytes, or the proof has more than 63 hashes.
    pub fn encode(&self) -> Result<Vec<u8>, FormError> {
        let mut bytes = Vec::new();
        for entry in &self.entries {
            bytes.extend(short(entry)?);
        }
        let count = u8::try_from(self.hashes.len()).ok();
        let count = count.filter(|count| *count <= MAX_HASHES);
        bytes.push(count.ok_or(FormError::Proof)?);
        bytes.extend(self.hashes.iter().flat_map(|hash| *hash.as_bytes()));
        Ok(bytes)
    }

    /// Reads the package of the entries of `range`, which are those of one bundle at most; `None` where nothing follows.
    ///
    /// # Errors
    /// The bytes cannot be read, end inside the package, or are no package.
    pub fn read(reader: &mut impl Read, range: Range<u64>) -> Result<Option<Self>, FormError> {
        let mut first = [0];
        if reader.read(&mut first).map_err(FormError::Read)? == 0 {
            return Ok(None);
        }
        let reader = &mut first.as_slice().chain(reader);
        let entries = range.clone().map(|_| read_short(reader));
        let entries = entries.collect::<Result<_, FormError>>()?;
        let [count] = read_bytes(reader)?;
        if count > MAX_HASHES {
            return Err(FormError::Proof);
        }
        let hashes = (0..count).map(|_| {
            let hash: [u8; HASH_LENGTH] = read_bytes(reader)?;
            Ok(NodeHash::from_bytes(hash))
        });
        let hashes = hashes.collect::<Result<_, FormError>>()?;
        Ok(Some(Self {
            range,
            entries,
            hashes,
        }))
    }
}

/// Why bytes are no request to add entries.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The bytes end too soon.
    #[error("the entries end inside a package")]
    Truncated,
    /// The name of the log is none.
    #[error("the name of the log is not one")]
    Origin,
    /// The first entry stands behind the last.
    #[error("the entries from {start} up to {end} are no range")]
    Range {
        /// The first entry.
        start: u64,
        /// The size of the tree.
        end: u64,
    },
    /// Something is longer than two bytes can say.
    #[error("{0} bytes are more than a package has room for")]
    Length(usize),
    /// A proof has more hashes than any tree needs.
    #[error("the proof of a package has more than 63 hashes")]
    Proof,
    /// The medium failed.
    #[error("the entries cannot be read")]
    Read(#[source] io::Error),
}

/// The first entry of the bundle after that of an entry.
pub(crate) fn end_of_bundle(entry: u64) -> u64 {
    start_of_bundle(entry).saturating_add(TILE_WIDTH.into())
}

/// The first entry of the bundle of an entry.
pub(crate) fn start_of_bundle(entry: u64) -> u64 {
    entry - entry % u64::from(TILE_WIDTH)
}

fn short(bytes: &[u8]) -> Result<Vec<u8>, FormError> {
    let length = u16::try_from(bytes.len()).map_err(|_| FormError::Length(bytes.len()))?;
    Ok([&length.to_be_bytes(), bytes].concat())
}

fn read_short(reader: &mut impl Read) -> Result<Vec<u8>, FormError> {
    let length = usize::from(u16::from_be_bytes(read_bytes(reader)?));
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).map_err(read_failed)?;
    Ok(bytes)
}

fn read_u64(reader: &mut impl Read) -> Result<u64, FormError> {
    Ok(u64::from_be_bytes(read_bytes(reader)?))
}

fn read_bytes<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], FormError> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(read_failed)?;
    Ok(bytes)
}

fn read_failed(error: io::Error) -> FormError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => FormError::Truncated,
        _ => FormError::Read(error),
    }
}

const MAX_HASHES: u8 = 63;
