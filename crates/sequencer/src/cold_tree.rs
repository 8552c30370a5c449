//! What comes from cold storage, checked against the tree before it is used: a tile against the column of the tile above
//! it, up to one that is in memory; an entry against its column in the tile of its bundle.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sigstead_merkle::{NodeHash, NodeReader};
use sigstead_tiles::{TILE_HEIGHT, TILE_WIDTH, Tile};

use crate::bundle::decode_sides;
use crate::edge::WIDTH;
use crate::shared::{Shared, lock};
use crate::tree::{bundle_path, side_path, tile_path};
use crate::{Error, RecordedEntry};

impl Shared {
    /// Entries of one full bundle, read once.
    pub(crate) async fn cold_entries(
        &self,
        first: u64,
        end: u64,
    ) -> Result<Vec<RecordedEntry>, Error> {
        let start = first / WIDTH * WIDTH;
        let wanted = (first - start) as usize..(end - start).min(WIDTH) as usize;
        let (bundle, parts) = self.cold_bundle(first / WIDTH, wanted.clone()).await?;
        let sides = self.cold_sides(first / WIDTH, &wanted).await?;
        let entries = parts.into_iter().zip(sides);
        let entries = entries.map(|(part, side)| RecordedEntry {
            bundle: bundle.slice(part),
            side,
        });
        Ok(entries.collect())
    }

    /// A full tile that is not in memory.
    pub(crate) async fn cold_tile(&self, level: u8, index: u64) -> Result<Arc<Tile>, Error> {
        // Up to a hash that is trusted, then down again, checking each tile with the column of the one above.
        let mut unchecked = Vec::new();
        let (mut at, mut expected) = ((level, index), None);
        while expected.is_none() {
            let (level, index) = at;
            let cached = lock(&self.tiles).find(at);
            match (cached, unchecked.last()) {
                (Some(tile), None) => return Ok(tile),
                (Some(tile), Some(((_, child), _))) => expected = column(&tile, *child),
                (None, _) => {
                    unchecked.push((at, self.load_tile(level, index).await?));
                    if level >= TOP_LEVEL {
                        return Err(damaged(tile_path(level, index), "above any tree"));
                    }
                    expected = self.edge().node(TILE_HEIGHT * (level + 1), index).ok();
                    at = (level + 1, index / WIDTH);
                }
            }
        }
        while let Some((place, tile)) = unchecked.pop() {
            if tile.node(TILE_HEIGHT, 0) != expected {
                return Err(damaged(
                    tile_path(place.0, place.1),
                    "not what the tree above says",
                ));
            }
            lock(&self.tiles).insert(place, Arc::clone(&tile));
            match unchecked.last() {
                Some(((_, child), _)) => expected = column(&tile, *child),
                None => return Ok(tile),
            }
        }
        Err(damaged(tile_path(level, index), "missing"))
    }

    async fn load_tile(&self, level: u8, index: u64) -> Result<Arc<Tile>, Error> {
        let path = tile_path(level, index);
        let bytes = self.cold.get(&path).await?;
        let bytes = bytes.ok_or_else(|| damaged(path.clone(), "missing"))?;
        Tile::parse(&bytes, TILE_WIDTH)
            .map(Arc::new)
            .map_err(|_| damaged(path, "not a full tile"))
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

    /// A full bundle that is not in memory, and where the wanted entries are in it; these are checked.
    pub(crate) async fn cold_bundle(
        &self,
        index: u64,
        wanted: Range<usize>,
    ) -> Result<(Bytes, Vec<Range<usize>>), Error> {
        let path = bundle_path(self, index);
        let bytes = self.cold.get(&path).await?;
        let bytes = bytes.ok_or_else(|| damaged(path.clone(), "missing"))?;
        let tile = self.tile_of_bundle(index).await?;
        let mut parts = Vec::with_capacity(wanted.len());
        let mut at = 0;
        for (position, column) in tile.hashes().iter().enumerate() {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty());
            let length = rest.and_then(|rest| self.format.framed_bytes(rest).ok());
            let end = length.and_then(|length| at.checked_add(length));
            let part = end.and_then(|end| Some((at..end, bytes.get(at..end)?)));
            let (part, framed) = part.ok_or_else(|| damaged(path.clone(), "not a full bundle"))?;
            at = part.end;
            if wanted.contains(&position) {
                self.check_leaf(&path, framed, column)?;
                parts.push(part);
            }
        }
        if at == bytes.len() {
            Ok((bytes, parts))
        } else {
            Err(damaged(path, "longer than its tile"))
        }
    }

    fn check_leaf(&self, path: &str, framed: &[u8], column: &NodeHash) -> Result<(), Error> {
        let damaged = |what| damaged(path.to_owned(), what);
        let leaf = self.format.read(framed);
        let leaf = leaf.map_err(|_| damaged("not of this log's format"))?;
        if NodeHash::from(leaf.leaf_hash) == *column {
            Ok(())
        } else {
            Err(damaged("not what its tile says"))
        }
    }

    /// What stands beside some entries of a full bundle.
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

/// Checked tiles that were read lately; 64 of them, 8 KiB each.
#[derive(Debug, Default)]
pub(crate) struct TileCache {
    tiles: VecDeque<((u8, u64), Arc<Tile>)>,
}

impl TileCache {
    fn find(&mut self, place: (u8, u64)) -> Option<Arc<Tile>> {
        let position = self.tiles.iter().position(|(found, _)| *found == place)?;
        let found = self.tiles.remove(position)?;
        let tile = Arc::clone(&found.1);
        self.tiles.push_front(found);
        Some(tile)
    }

    fn insert(&mut self, place: (u8, u64), tile: Arc<Tile>) {
        self.tiles.truncate(CACHED_TILES - 1);
        self.tiles.push_front((place, tile));
    }
}

fn column(tile: &Tile, child: u64) -> Option<NodeHash> {
    tile.hashes().get((child % WIDTH) as usize).copied()
}

pub(crate) fn damaged(path: String, what: &'static str) -> Error {
    Error::ObjectDamaged { path, what }
}

const CACHED_TILES: usize = 64;

/// A full tile of this level would hold 2⁶⁴ leaves.
const TOP_LEVEL: u8 = 7;
