//! Full bundles in cold storage, read in pieces: one that holds the largest entries is far larger than what is asked of it,
//! and many may be asked for it at once.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sigstead_cold::ColdStorage;
use sigstead_merkle::NodeHash;
use sigstead_tiles::{TILE_WIDTH, Tile};

use crate::error::Error;
use crate::leaf_format::LeafFormat;
use crate::tree::layout::bundle_path;

/// A full bundle in cold storage, on the way from one entry to the next. It holds nothing of the file between two pieces.
pub(crate) struct ColdBundle {
    storage: Arc<dyn ColdStorage>,
    format: Arc<dyn LeafFormat>,
    path: String,
    tile: Arc<Tile>,
    length: u64,
    /// Which entries are checked; the others are only passed over.
    wanted: Range<usize>,
    /// The next entry of the bundle, and where it begins in the file.
    position: usize,
    offset: u64,
}

/// Some entries of a bundle, whole and one behind the other.
pub(crate) struct Piece {
    /// The bytes of these entries and of no other.
    pub(crate) bytes: Bytes,
    /// Which entry of the bundle the first one is.
    pub(crate) first: usize,
    /// Where each ends in `bytes`.
    pub(crate) ends: Vec<usize>,
}

impl Piece {
    /// The entries with their positions in the bundle.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, Bytes)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let parts = starts.zip(&self.ends);
        (self.first..).zip(parts.map(|(start, end)| self.bytes.slice(start..*end)))
    }
}

impl ColdBundle {
    /// Begins before the first entry of a bundle, which must be what `tile` says.
    pub(crate) async fn open(
        storage: Arc<dyn ColdStorage>,
        format: Arc<dyn LeafFormat>,
        tile: Arc<Tile>,
        index: u64,
        wanted: Range<usize>,
    ) -> Result<Self, Error> {
        let path = bundle_path(format.bundle_kind(), index);
        let length = storage.length(&path).await?;
        Ok(Self {
            length: length.ok_or_else(|| Error::damaged(path.clone(), "missing"))?,
            storage,
            format,
            tile,
            path,
            wanted,
            position: 0,
            offset: 0,
        })
    }

    /// Goes on before the entry of a position, which begins at an offset.
    pub(crate) fn at(self, position: usize, offset: u64) -> Self {
        Self {
            position,
            offset,
            ..self
        }
    }

    /// The length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The next entries, or `None` behind the last one that is wanted.
    pub(crate) async fn next(&mut self) -> Result<Option<Piece>, Error> {
        let end = self.wanted.end.min(FULL);
        let mut length = PIECE;
        while self.position < end {
            let bytes = self
                .storage
                .get_range(&self.path, self.offset, length)
                .await?;
            let bytes = bytes.ok_or_else(|| self.damaged("missing"))?;
            let is_end = bytes.len() < length;
            let piece = self.split(bytes)?;
            if !piece.ends.is_empty() {
                return Ok(Some(piece));
            }
            if is_end {
                return Err(self.damaged("not a full bundle"));
            }
            // The entry is longer.
            length = length.saturating_mul(2);
        }
        Ok(None)
    }

    /// Takes the whole entries from the beginning of some bytes.
    fn split(&mut self, bytes: Bytes) -> Result<Piece, Error> {
        let (first, mut at, mut ends) = (self.position, 0, Vec::new());
        while self.position < FULL {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty());
            let length = rest.and_then(|rest| self.format.framed_bytes(rest).ok());
            let end = length.and_then(|length| at.checked_add(length));
            let Some((end, framed)) = end.and_then(|end| Some((end, bytes.get(at..end)?))) else {
                break;
            };
            self.check(framed)?;
            ends.push(end);
            (at, self.position) = (end, self.position + 1);
        }
        self.offset += at as u64;
        if self.position == FULL && self.offset != self.length {
            return Err(self.damaged("longer than its tile"));
        }
        let bytes = bytes.slice(..at);
        Ok(Piece { bytes, first, ends })
    }

    fn check(&self, framed: &[u8]) -> Result<(), Error> {
        if !self.wanted.contains(&self.position) {
            return Ok(());
        }
        let leaf = self.format.read(framed);
        let leaf = leaf.map_err(|_| self.damaged("not of this log's format"))?;
        match self.tile.hashes().get(self.position) {
            Some(column) if *column == NodeHash::from(leaf.leaf_hash) => Ok(()),
            _ => Err(self.damaged("not what its tile says")),
        }
    }

    fn damaged(&self, what: &'static str) -> Error {
        Error::damaged(self.path.clone(), what)
    }
}

/// The entries of a full bundle.
pub(crate) const FULL: usize = TILE_WIDTH as usize;

/// Holds the largest entry of a log of Rekor, so that most are read once.
pub(crate) const PIECE: usize = 128 << 10;
