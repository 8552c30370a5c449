use bytes::{Bytes, BytesMut};
use sigstead_merkle::NodeHash;
use sigstead_tiles::{TILE_HEIGHT, TILE_WIDTH};

/// A tile at the right edge with all its inner nodes, so that a proof costs look-ups, and hashing of
/// the ragged right side alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct EdgeTile {
    /// The complete nodes of each level inside of the tile; the first are its columns.
    levels: [Vec<NodeHash>; TILE_HEIGHT as usize],
}

impl EdgeTile {
    /// Adds a column; answers the hash over the whole tile when that was the last one.
    pub(crate) fn push(&mut self, column: NodeHash) -> Option<NodeHash> {
        let mut node = column;
        for level in &mut self.levels {
            level.push(node);
            let [.., left, right] = level.as_slice() else {
                return None;
            };
            if level.len() % 2 == 1 {
                return None;
            }
            node = NodeHash::of_children(left, right);
        }
        Some(node)
    }

    /// Goes back to the first columns.
    pub(crate) fn truncate(&mut self, width: usize) {
        for (height, level) in self.levels.iter_mut().enumerate() {
            level.truncate(width >> height);
        }
    }

    pub(crate) fn width(&self) -> usize {
        let [columns, ..] = &self.levels;
        columns.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.width() == usize::from(TILE_WIDTH)
    }

    pub(crate) fn node(&self, level_in_tile: u8, index_in_tile: u16) -> Option<NodeHash> {
        self.levels
            .get(usize::from(level_in_tile))?
            .get(usize::from(index_in_tile))
            .copied()
    }

    /// The bytes of the tile with `width` columns, or `None` when it has fewer.
    pub(crate) fn encode(&self, width: usize) -> Option<Bytes> {
        let [columns, ..] = &self.levels;
        let mut bytes = BytesMut::with_capacity(width * sigstead_merkle::HASH_LENGTH);
        for column in columns.get(..width)? {
            bytes.extend_from_slice(column.as_bytes());
        }
        Some(bytes.freeze())
    }
}

#[cfg(test)]
mod tests {
    use sigstead_merkle::LeafHash;
    use sigstead_tiles::Tile;

    use super::*;

    fn column(index: u16) -> NodeHash {
        LeafHash::of(&index.to_be_bytes()).into()
    }

    #[test]
    fn has_the_nodes_and_bytes_of_the_tile_at_every_width() {
        let mut edge = EdgeTile::default();
        for width in 1..=TILE_WIDTH {
            let root = edge.push(column(width - 1));
            let tile = Tile::new((0..width).map(column).collect()).unwrap();
            assert_eq!(root, tile.node(8, 0), "width {width}");
            assert_eq!(edge.encode(width.into()).unwrap(), tile.encode());
            for level in 0..8 {
                for index in [0, width >> level, (width >> level).saturating_sub(1)] {
                    assert_eq!(
                        edge.node(level, index),
                        tile.node(level, index),
                        "{width} {level} {index}"
                    );
                }
            }
        }
        assert!(edge.is_full());
        assert_eq!(edge.encode(257), None);
    }

    #[test]
    fn goes_back_to_any_width() {
        let mut edge = EdgeTile::default();
        for index in 0..200 {
            edge.push(column(index));
        }
        for width in [200, 199, 128, 77, 1, 0] {
            edge.truncate(width);
            let mut fresh = EdgeTile::default();
            for index in 0..width as u16 {
                fresh.push(column(index));
            }
            assert_eq!(edge.levels, fresh.levels, "width {width}");
        }
    }
}
