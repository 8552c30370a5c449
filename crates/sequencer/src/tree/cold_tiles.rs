//! Tiles from cold storage, checked before they are used: each against the column of the tile above it, up to one that is in
//! memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use sigstead_cold::ColdStorage;
use sigstead_merkle::{NodeHash, NodeReader};
use sigstead_tiles::{TILE_HEIGHT, TILE_WIDTH, Tile};

use crate::error::Error;
use crate::lock::lock;
use crate::tree::edge::WIDTH;
use crate::tree::layout::tile_path;
use crate::tree::shared_edge::SharedEdge;

/// The full tiles of a log, from cold storage.
pub(crate) struct ColdTiles {
    storage: Arc<dyn ColdStorage>,
    /// What needs no check.
    edge: Arc<SharedEdge>,
    cache: Mutex<TileCache>,
}

impl ColdTiles {
    pub(crate) fn new(storage: Arc<dyn ColdStorage>, edge: Arc<SharedEdge>) -> Self {
        Self {
            storage,
            edge,
            cache: Mutex::default(),
        }
    }

    /// The tile over a full bundle, from memory if it is there.
    pub(crate) async fn of_bundle(&self, bundle: u64) -> Result<Arc<Tile>, Error> {
        let held = self.edge.read().tile(0, bundle, TILE_WIDTH);
        let Some(bytes) = held else {
            return self.tile(0, bundle).await;
        };
        let tile = Tile::parse(&bytes, TILE_WIDTH).map(Arc::new);
        tile.map_err(|_| Error::damaged(tile_path(0, bundle), "odd"))
    }

    /// A full tile that is not in memory.
    pub(crate) async fn tile(&self, level: u8, index: u64) -> Result<Arc<Tile>, Error> {
        // Up to a hash that is trusted, then down again, checking each tile with the column of the one above.
        let mut unchecked = Vec::new();
        let (mut at, mut expected) = ((level, index), None);
        while expected.is_none() {
            let (level, index) = at;
            let cached = lock(&self.cache).find(at);
            match (cached, unchecked.last()) {
                (Some(tile), None) => return Ok(tile),
                (Some(tile), Some(((_, child), _))) => expected = column(&tile, *child),
                (None, _) => {
                    unchecked.push((at, self.load_tile(level, index).await?));
                    if level >= TOP_LEVEL {
                        return Err(Error::damaged(tile_path(level, index), "above any tree"));
                    }
                    expected = self.edge.read().node(TILE_HEIGHT * (level + 1), index).ok();
                    at = (level + 1, index / WIDTH);
                }
            }
        }
        while let Some((place, tile)) = unchecked.pop() {
            if tile.node(TILE_HEIGHT, 0) != expected {
                return Err(Error::damaged(
                    tile_path(place.0, place.1),
                    "not what the tree above says",
                ));
            }
            lock(&self.cache).insert(place, Arc::clone(&tile));
            match unchecked.last() {
                Some(((_, child), _)) => expected = column(&tile, *child),
                None => return Ok(tile),
            }
        }
        Err(Error::damaged(tile_path(level, index), "missing"))
    }

    async fn load_tile(&self, level: u8, index: u64) -> Result<Arc<Tile>, Error> {
        let path = tile_path(level, index);
        let bytes = self.storage.get(&path).await?;
        let bytes = bytes.ok_or_else(|| Error::damaged(path.clone(), "missing"))?;
        Tile::parse(&bytes, TILE_WIDTH)
            .map(Arc::new)
            .map_err(|_| Error::damaged(path, "not a full tile"))
    }
}

/// Checked tiles that were read lately; 64 of them, 8 KiB each.
#[derive(Debug, Default)]
struct TileCache {
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

const CACHED_TILES: usize = 64;

/// A full tile of this level would hold 2⁶⁴ leaves.
const TOP_LEVEL: u8 = 7;
