use sigstead_merkle::{NodeHash, NodeReader, ProveError, RootHash, root_of};
use sigstead_tiles::{NodePlace, TILE_HEIGHT, TILE_WIDTH, Tile, TileCoordinate, partial_width};

use crate::Error;
use crate::folder::Folder;

/// The right edge of the tree: of each level, the columns of the tile that is not full.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edge {
    size: u64,
    levels: Vec<Vec<NodeHash>>,
}

/// A tile that has got its last column.
pub(crate) type Full = (TileCoordinate, Tile);

impl Edge {
    /// Reads the edge of the tree of the first `size` leaves: one partial tile of leaves, and at most 255 full tiles of each
    /// level.
    pub(crate) fn load(folder: &Folder, size: u64) -> Result<Self, Error> {
        let mut levels = Vec::new();
        for level in 0.. {
            let columns = columns(level, size);
            if columns == 0 {
                break;
            }
            let width = partial_width(level, size);
            let index = columns / u64::from(TILE_WIDTH);
            let tile = match (level.checked_sub(1), width) {
                (_, 0) => Vec::new(),
                (None, width) => folder
                    .tile(TileCoordinate::new(0, index, width)?)?
                    .hashes()
                    .to_vec(),
                (Some(below), _) => (columns - u64::from(width)..columns)
                    .map(|index| {
                        let full = TileCoordinate::new(below, index, TILE_WIDTH)?;
                        folder.tile(full)?.node(TILE_HEIGHT, 0).ok_or(Error::Edge)
                    })
                    .collect::<Result<_, Error>>()?,
            };
            levels.push(tile);
        }
        Ok(Self { size, levels })
    }

    /// The number of leaves.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// The leaves of the tile that is not full.
    pub(crate) fn leaves(&self) -> &[NodeHash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Adds a leaf, and gives the tiles that it fills, from the leaves up.
    pub(crate) fn push(&mut self, leaf: NodeHash) -> Result<Vec<Full>, Error> {
        let mut full = Vec::new();
        let mut column = leaf;
        self.size += 1;
        for level in 0.. {
            let index = columns(level, self.size - 1) / u64::from(TILE_WIDTH);
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::new());
            }
            let tile = self.levels.get_mut(usize::from(level)).ok_or(Error::Edge)?;
            tile.push(column);
            if tile.len() < usize::from(TILE_WIDTH) {
                break;
            }
            let tile = Tile::new(std::mem::take(tile))?;
            column = tile.node(TILE_HEIGHT, 0).ok_or(Error::Edge)?;
            full.push((TileCoordinate::new(level, index, TILE_WIDTH)?, tile));
        }
        Ok(full)
    }

    /// The tiles that are not full, as a tree of this size shows them.
    pub(crate) fn partial(&self) -> Result<Vec<Full>, Error> {
        let mut partial = Vec::new();
        for (level, columns) in (0..).zip(&self.levels) {
            let width = partial_width(level, self.size);
            if width > 0 {
                let index = self::columns(level, self.size) / u64::from(TILE_WIDTH);
                let coordinate = TileCoordinate::new(level, index, width)?;
                partial.push((coordinate, Tile::new(columns.clone())?));
            }
        }
        Ok(partial)
    }

    /// The root of the tree.
    pub(crate) fn root(&self) -> Result<RootHash, Error> {
        root_of(self, self.size).map_err(|error| match error {
            ProveError::Read(error) => error,
            ProveError::Impossible(error) => Error::Merkle(error),
        })
    }
}

impl NodeReader for Edge {
    type Error = Error;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Error> {
        let place = NodePlace::of(level, index);
        let is_edge =
            columns(place.tile_level, self.size) / u64::from(TILE_WIDTH) == place.tile_index;
        let columns = self.levels.get(usize::from(place.tile_level));
        let columns = columns.filter(|_| is_edge).ok_or(Error::Edge)?;
        let tile = Tile::new(columns.clone())?;
        tile.node(place.level_in_tile, place.index_in_tile)
            .ok_or(Error::Edge)
    }
}

/// How many nodes of that level of tiles are complete in a tree of that size.
fn columns(level: u8, size: u64) -> u64 {
    let shift = u32::from(level) * u32::from(TILE_HEIGHT);
    size.checked_shr(shift).unwrap_or(0)
}
