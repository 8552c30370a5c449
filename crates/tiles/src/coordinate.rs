use std::fmt;

use crate::Error;
use crate::path::{self, TILE_WIDTH};

/// Levels of the tree that one tile covers.
pub const TILE_HEIGHT: u8 = 8;

/// Which tile: its level, its index in the level, and how many columns of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileCoordinate {
    level: u8,
    index: u64,
    width: u16,
}

impl TileCoordinate {
    /// The tile at a level and an index, of a width of 1 to 256 columns.
    ///
    /// # Errors
    /// The level or the width is out of range.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, Error> {
        if level > MAX_LEVEL {
            return Err(Error::Level(level));
        }
        path::check_width(width)?;
        Ok(Self {
            level,
            index,
            width,
        })
    }

    /// Reads a path as `tile/0/x001/067.p/8`.
    ///
    /// # Errors
    /// The text is not the one spelling of a path.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = || Error::Path(text.to_owned());
        let rest = text.strip_prefix("tile/").ok_or_else(refused)?;
        let (level, rest) = rest.split_once('/').ok_or_else(refused)?;
        let level = level.parse().map_err(|_| refused())?;
        let (index, width) = path::parse(rest).ok_or_else(refused)?;
        let coordinate = Self::new(level, index, width).map_err(|_| refused())?;
        if coordinate.path() == text {
            Ok(coordinate)
        } else {
            Err(refused())
        }
    }

    /// The path below the log's address, as `tile/0/x001/067.p/8`.
    #[must_use]
    pub fn path(&self) -> String {
        path::encode(&format!("tile/{}", self.level), self.index, self.width)
    }

    /// The full tile of the same place.
    #[must_use]
    pub fn to_full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// The level of the tile; level 0 holds the hashes of leaves.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// The place of the tile in its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The number of columns.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether the tile has fewer columns than it can have.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// Whether a tree of that size has the tile in this or a greater width.
    #[must_use]
    pub fn is_within(&self, tree_size: u64) -> bool {
        let columns = columns(self.level, tree_size);
        let needed = u128::from(self.index) * u128::from(TILE_WIDTH) + u128::from(self.width);
        needed <= u128::from(columns)
    }
}

impl fmt::Display for TileCoordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// Where a node of the tree is found: in which tile, and where inside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodePlace {
    /// The level of the tile.
    pub tile_level: u8,
    /// The index of the tile in its level.
    pub tile_index: u64,
    /// The level inside of the tile, 0 being its columns.
    pub level_in_tile: u8,
    /// The index inside of that level.
    pub index_in_tile: u16,
}

impl NodePlace {
    /// The place of the perfect subtree `index` of height `level`.
    #[must_use]
    pub fn of(level: u8, index: u64) -> Self {
        let level_in_tile = level % TILE_HEIGHT;
        let shift = TILE_HEIGHT - level_in_tile;
        // Below 256, so nothing is cut off.
        let index_in_tile = (index & ((1 << shift) - 1)) as u16;
        Self {
            tile_level: level / TILE_HEIGHT,
            tile_index: index >> shift,
            level_in_tile,
            index_in_tile,
        }
    }
}

/// The width of the last tile of a level in a tree of that size; 0 where the level ends with a full
/// tile, or has none.
#[must_use]
pub fn partial_width(level: u8, tree_size: u64) -> u16 {
    // Below 256, so nothing is cut off.
    (columns(level, tree_size) % u64::from(TILE_WIDTH)) as u16
}

// c2sp.org/tlog-tiles §Partial Tiles: floor(s / 256^L), without the overflow of the power.
fn columns(level: u8, tree_size: u64) -> u64 {
    let shift = u32::from(level) * u32::from(TILE_HEIGHT);
    tree_size.checked_shr(shift).unwrap_or(0)
}

const MAX_LEVEL: u8 = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_the_paths_of_the_specification() {
        let table = [
            (0, 0, 256, "tile/0/000"),
            (0, 0, 1, "tile/0/000.p/1"),
            (3, 67, 255, "tile/3/067.p/255"),
            (0, 1_234_067, 256, "tile/0/x001/x234/067"),
            (0, 1000, 256, "tile/0/x001/000"),
            (63, 999, 256, "tile/63/999"),
        ];
        for (level, index, width, path) in table {
            let coordinate = TileCoordinate::new(level, index, width).unwrap();
            assert_eq!(coordinate.path(), path);
            assert_eq!(TileCoordinate::parse(path), Ok(coordinate));
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        let table = [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/00/000",
            "tile/+0/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/+00",
            "tile/0/x000/067",
            "tile/0/001/067",
            "tile/0/x001/x067",
            "tile/0/x001/67",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/000.p/",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/000/",
            "tile/0/../000",
            "tile/entries/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ];
        for path in table {
            assert!(TileCoordinate::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn gives_the_partial_widths_of_the_specification() {
        // c2sp.org/tlog-tiles §Partial Tiles has the example of 70,000 leaves.
        let table = [
            (0, 70_000, 112),
            (1, 70_000, 17),
            (2, 70_000, 1),
            (3, 70_000, 0),
            (0, 256, 0),
            (1, 256, 1),
            (8, u64::MAX, 0),
            (63, u64::MAX, 0),
        ];
        for (level, size, width) in table {
            assert_eq!(partial_width(level, size), width, "{level} of {size}");
        }
    }

    #[test]
    fn knows_which_tiles_a_tree_has() {
        let within = |path: &str, size| TileCoordinate::parse(path).unwrap().is_within(size);
        assert!(within("tile/0/273.p/112", 70_000));
        assert!(within("tile/0/273.p/5", 70_000));
        assert!(!within("tile/0/273.p/113", 70_000));
        assert!(!within("tile/0/273", 70_000));
        assert!(within("tile/0/272", 70_000));
        assert!(within("tile/1/000.p/1", 256));
        assert!(!within("tile/1/000.p/1", 255));
        assert!(!within("tile/9/000.p/1", u64::MAX));
    }

    #[test]
    fn finds_nodes_in_tiles() {
        let place = |tile_level, tile_index, level_in_tile, index_in_tile| NodePlace {
            tile_level,
            tile_index,
            level_in_tile,
            index_in_tile,
        };
        assert_eq!(NodePlace::of(0, 0), place(0, 0, 0, 0));
        assert_eq!(NodePlace::of(0, 257), place(0, 1, 0, 1));
        assert_eq!(NodePlace::of(7, 3), place(0, 1, 7, 1));
        assert_eq!(NodePlace::of(8, 3), place(1, 0, 0, 3));
        assert_eq!(NodePlace::of(63, 1), place(7, 0, 7, 1));
    }
}
