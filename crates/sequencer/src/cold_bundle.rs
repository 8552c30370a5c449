//! Full bundles in cold storage, read in pieces: one that holds the largest entries is far larger than what is asked of it,
//! and many may be asked for it at once.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sigstead_merkle::NodeHash;
use sigstead_tiles::{TILE_WIDTH, Tile};

use crate::bundle::decode_sides;
use crate::cold_paths::{bundle_path, side_path, tile_path};
use crate::cold_tree::damaged;
use crate::edge::WIDTH;
use crate::shared::Shared;
use crate::{Error, RecordedEntry};

/// A full bundle in cold storage, on the way from one entry to the next. It holds nothing of the file between two pieces.
pub(crate) struct ColdBundle {
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
    /// Begins before the first entry.
    pub(crate) async fn open(
        shared: &Shared,
        index: u64,
        wanted: Range<usize>,
    ) -> Result<Self, Error> {
        let path = bundle_path(shared.format.bundle_kind(), index);
        let length = shared.cold.length(&path).await?;
        Ok(Self {
            length: length.ok_or_else(|| damaged(path.clone(), "missing"))?,
            tile: shared.tile_of_bundle(index).await?,
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
    pub(crate) async fn next(&mut self, shared: &Shared) -> Result<Option<Piece>, Error> {
        let end = self.wanted.end.min(FULL);
        let mut length = PIECE;
        while self.position < end {
            let bytes = shared
                .cold
                .get_range(&self.path, self.offset, length)
                .await?;
            let bytes = bytes.ok_or_else(|| self.damaged("missing"))?;
            let is_end = bytes.len() < length;
            let piece = self.split(shared, bytes)?;
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
    fn split(&mut self, shared: &Shared, bytes: Bytes) -> Result<Piece, Error> {
        let (first, mut at, mut ends) = (self.position, 0, Vec::new());
        while self.position < FULL {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty());
            let length = rest.and_then(|rest| shared.format.framed_bytes(rest).ok());
            let end = length.and_then(|length| at.checked_add(length));
            let Some((end, framed)) = end.and_then(|end| Some((end, bytes.get(at..end)?))) else {
                break;
            };
            self.check(shared, framed)?;
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

    fn check(&self, shared: &Shared, framed: &[u8]) -> Result<(), Error> {
        if !self.wanted.contains(&self.position) {
            return Ok(());
        }
        let leaf = shared.format.read(framed);
        let leaf = leaf.map_err(|_| self.damaged("not of this log's format"))?;
        match self.tile.hashes().get(self.position) {
            Some(column) if *column == NodeHash::from(leaf.leaf_hash) => Ok(()),
            _ => Err(self.damaged("not what its tile says")),
        }
    }

    fn damaged(&self, what: &'static str) -> Error {
        damaged(self.path.clone(), what)
    }
}

impl Shared {
    /// Entries of one full bundle, checked, up to the first that makes them `most_bytes` bytes or more. The memory that it
    /// takes is that of what it answers.
    pub(crate) async fn cold_entries(
        &self,
        first: u64,
        end: u64,
        most_bytes: u64,
    ) -> Result<Vec<RecordedEntry>, Error> {
        let index = first / WIDTH;
        let start = index * WIDTH;
        let wanted = (first - start) as usize..(end - start).min(WIDTH) as usize;
        let mut bundle = ColdBundle::open(self, index, wanted.clone()).await?;
        let mut found = Vec::with_capacity(wanted.len());
        let mut bytes = 0;
        while bytes < most_bytes
            && let Some(piece) = bundle.next(self).await?
        {
            let entries = piece.entries().filter(|entry| wanted.contains(&entry.0));
            for (_, framed) in entries {
                bytes += framed.len() as u64;
                found.push(framed);
            }
        }
        let sides = self.cold_sides(index, &wanted).await?;
        let entries = found.into_iter().zip(sides);
        let entries = entries.map(|(bundle, side)| RecordedEntry { bundle, side });
        Ok(entries.collect())
    }

    /// Reads a full bundle and checks all of it.
    pub(crate) async fn check_cold_bundle(&self, index: u64) -> Result<(), Error> {
        let mut bundle = ColdBundle::open(self, index, 0..FULL).await?;
        while bundle.next(self).await?.is_some() {}
        Ok(())
    }

    /// The tile over a full bundle.
    async fn tile_of_bundle(&self, index: u64) -> Result<Arc<Tile>, Error> {
        let held = self.edge().tile(0, index, TILE_WIDTH);
        let Some(bytes) = held else {
            return self.cold_tile(0, index).await;
        };
        let tile = Tile::parse(&bytes, TILE_WIDTH).map(Arc::new);
        tile.map_err(|_| damaged(tile_path(0, index), "odd"))
    }

    /// What is beside some entries of a full bundle.
    async fn cold_sides(&self, index: u64, wanted: &Range<usize>) -> Result<Vec<Bytes>, Error> {
        let path = side_path(index);
        let Some(file) = self.cold.get(&path).await? else {
            // No file is written for a bundle whose entries have nothing beside the leaf.
            return match self.has_sides {
                true => Err(damaged(path, "missing")),
                false => Ok(vec![Bytes::new(); wanted.len()]),
            };
        };
        let sides = decode_sides(index, file);
        let sides = sides.and_then(|sides| sides.get(wanted.clone()).map(<[Bytes]>::to_vec));
        sides.ok_or_else(|| damaged(path, "not what was written"))
    }
}

const FULL: usize = TILE_WIDTH as usize;

/// Holds the largest entry of a log of Rekor, so that most are read once.
pub(crate) const PIECE: usize = 128 << 10;
