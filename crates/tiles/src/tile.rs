use sigstead_merkle::{HASH_LENGTH, NodeHash};

use crate::{Error, TILE_WIDTH, path};

/// The hashes of one tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    hashes: Vec<NodeHash>,
}

impl Tile {
    /// A tile of 1 to 256 columns.
    ///
    /// # Errors
    /// There are no columns or too many.
    pub fn new(hashes: Vec<NodeHash>) -> Result<Self, Error> {
        path::check_width(u16::try_from(hashes.len()).unwrap_or(u16::MAX))?;
        Ok(Self { hashes })
    }

    /// Reads the bytes of a tile of a known width.
    ///
    /// # Errors
    /// The bytes have another length.
    pub fn parse(bytes: &[u8], width: u16) -> Result<Self, Error> {
        path::check_width(width)?;
        let (hashes, rest) = bytes.as_chunks::<HASH_LENGTH>();
        if hashes.len() != usize::from(width) || !rest.is_empty() {
            let length = bytes.len();
            return Err(Error::TileLength { width, length });
        }
        let hashes = hashes.iter().map(|hash| NodeHash::from_bytes(*hash));
        Ok(Self {
            hashes: hashes.collect(),
        })
    }

    /// The bytes of the tile.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.hashes
            .iter()
            .flat_map(|hash| *hash.as_bytes())
            .collect()
    }

    /// The columns in their order.
    #[must_use]
    pub fn hashes(&self) -> &[NodeHash] {
        &self.hashes
    }

    /// The node `index` of a level inside of the tile, level 0 being its columns; `None` where the
    /// tile is not wide enough. The level 8 of a full tile is one column of the tile above.
    #[must_use]
    pub fn node(&self, level_in_tile: u8, index_in_tile: u16) -> Option<NodeHash> {
        let width = 1_usize.checked_shl(level_in_tile.into())?;
        if width > usize::from(TILE_WIDTH) {
            return None;
        }
        let start = width * usize::from(index_in_tile);
        let mut nodes = self.hashes.get(start..start + width)?.to_vec();
        while nodes.len() > 1 {
            let (pairs, _) = nodes.as_chunks::<2>();
            let parents = pairs
                .iter()
                .map(|[left, right]| NodeHash::of_children(left, right));
            nodes = parents.collect();
        }
        nodes.pop()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sigstead_merkle::LeafHash;

    use super::*;

    fn tile(width: u16) -> Tile {
        let hash = |i: u16| LeafHash::of(&i.to_be_bytes()).into();
        Tile::new((0..width).map(hash).collect()).unwrap()
    }

    #[test]
    fn computes_the_nodes_inside() {
        let tile = tile(6);
        let pair = |i| NodeHash::of_children(&tile.hashes[i], &tile.hashes[i + 1]);
        assert_eq!(tile.node(0, 5), Some(tile.hashes[5]));
        assert_eq!(tile.node(1, 2), Some(pair(4)));
        let four = NodeHash::of_children(&pair(0), &pair(2));
        assert_eq!(tile.node(2, 0), Some(four));
    }

    #[test]
    fn has_no_node_beyond_its_width() {
        let tile = tile(6);
        for (level, index) in [
            (0, 6),
            (1, 3),
            (2, 1),
            (8, 0),
            (9, 0),
            (200, 0),
            (0, u16::MAX),
        ] {
            assert_eq!(tile.node(level, index), None, "{level} {index}");
        }
        assert!(self::tile(256).node(8, 0).is_some());
    }

    #[test]
    fn refuses_bytes_of_another_length() {
        let bytes = tile(3).encode();
        for (length, width) in [(0, 1), (31, 1), (64, 1), (96, 4), (95, 3)] {
            let refused = Error::TileLength { width, length };
            assert_eq!(Tile::parse(&bytes[..length], width), Err(refused));
        }
        assert_eq!(Tile::parse(&bytes, 0), Err(Error::Width(0)));
        assert_eq!(Tile::new(Vec::new()), Err(Error::Width(0)));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(width in 1_u16..=256) {
            let tile = tile(width);
            prop_assert_eq!(Tile::parse(&tile.encode(), width), Ok(tile));
        }
    }
}
