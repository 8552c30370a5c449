use std::collections::VecDeque;

use bytes::Bytes;
use sigstead_merkle::{LeafHash, NodeHash, NodeReader};
use sigstead_tiles::{NodePlace, TILE_HEIGHT, TILE_WIDTH};

use crate::entry::RecordedEntry;
use crate::tree::edge_tile::EdgeTile;

/// What a log holds in memory: the tiles and bundles that are not yet full, and the full ones that are not yet in cold
/// storage.
///
/// It may be ahead of the published head by the round that is being committed. Nodes of the tree never change, so a
/// caller who asks only for what lies within the published size never sees that.
#[derive(Debug, Default)]
pub(crate) struct Edge {
    size: u64,
    levels: Vec<Level>,
    /// The index of the first entry of `entries`, a multiple of 256.
    first_entry: u64,
    entries: VecDeque<RecordedEntry>,
    /// How long they are together.
    entry_bytes: u64,
}

/// The tiles of one level from an index on; all but the last one are full.
#[derive(Debug, Default)]
struct Level {
    first: u64,
    tiles: VecDeque<EdgeTile>,
}

/// A node that is not in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotHeld;

impl Edge {
    /// The edge of a tree whose size is a multiple of 256, from the columns of its partial tiles, lowest level first.
    ///
    /// The columns of level 0 are left out, because there are none.
    pub(crate) fn at(size: u64, columns: Vec<Vec<NodeHash>>) -> Self {
        let mut levels = vec![Level {
            first: tile_count(size, 0),
            tiles: VecDeque::new(),
        }];
        for (level, columns) in (1_u8..).zip(columns) {
            let mut tile = EdgeTile::default();
            for column in columns {
                tile.push(column);
            }
            let tiles = VecDeque::from_iter((tile.width() > 0).then_some(tile));
            levels.push(Level {
                first: tile_count(size, level),
                tiles,
            });
        }
        Self {
            size,
            levels,
            first_entry: size,
            entries: VecDeque::new(),
            entry_bytes: 0,
        }
    }

    pub(crate) const fn entry_bytes(&self) -> u64 {
        self.entry_bytes
    }

    pub(crate) fn push(&mut self, leaf_hash: LeafHash, entry: RecordedEntry) {
        self.entry_bytes += entry.length();
        self.entries.push_back(entry);
        self.size += 1;
        let mut carried = Some(NodeHash::from(leaf_hash));
        let mut height = 0;
        while let Some(column) = carried {
            if self.levels.len() == height {
                self.levels.push(Level::default());
            }
            carried = self
                .levels
                .get_mut(height)
                .and_then(|level| level.push(column));
            height += 1;
        }
    }

    /// Takes back the entries of a round that was not committed.
    pub(crate) fn truncate(&mut self, size: u64) {
        self.size = size;
        let count = usize::try_from(size.saturating_sub(self.first_entry)).unwrap_or(usize::MAX);
        let taken_back = self.entries.iter().skip(count).map(RecordedEntry::length);
        self.entry_bytes -= taken_back.sum::<u64>();
        self.entries.truncate(count);
        for (height, level) in self.levels.iter_mut().enumerate() {
            let columns = size
                .checked_shr(height as u32 * u32::from(TILE_HEIGHT))
                .unwrap_or(0);
            level.truncate(columns);
        }
    }

    /// Lets go of a bundle and its tile, which are in cold storage.
    pub(crate) fn forget_bundle(&mut self, bundle: u64) {
        if bundle * WIDTH == self.first_entry {
            let count = self.entries.len().min(usize::from(TILE_WIDTH));
            let forgotten = self.entries.drain(..count);
            self.entry_bytes -= forgotten.map(|entry| entry.length()).sum::<u64>();
            self.first_entry += WIDTH;
        }
        self.forget_tile(0, bundle);
    }

    /// Lets go of a full tile that is in cold storage.
    pub(crate) fn forget_tile(&mut self, level: u8, index: u64) {
        let Some(level) = self.levels.get_mut(usize::from(level)) else {
            return;
        };
        if level.first == index && level.tiles.front().is_some_and(EdgeTile::is_full) {
            level.tiles.pop_front();
            level.first += 1;
        }
    }

    /// The bytes of a tile of some width, or `None` when it is not in memory.
    pub(crate) fn tile(&self, level: u8, index: u64, width: u16) -> Option<Bytes> {
        self.edge_tile(level, index)?.encode(usize::from(width))
    }

    pub(crate) fn entry(&self, index: u64) -> Option<&RecordedEntry> {
        let position = index.checked_sub(self.first_entry)?;
        self.entries.get(usize::try_from(position).ok()?)
    }

    /// The first entries of a bundle, or `None` when they are not all in memory.
    pub(crate) fn bundle_entries(&self, bundle: u64, width: u16) -> Option<Vec<&RecordedEntry>> {
        let first = bundle.checked_mul(WIDTH)?;
        (first..first.checked_add(width.into())?)
            .map(|index| self.entry(index))
            .collect()
    }

    fn edge_tile(&self, level: u8, index: u64) -> Option<&EdgeTile> {
        let level = self.levels.get(usize::from(level))?;
        level
            .tiles
            .get(usize::try_from(index.checked_sub(level.first)?).ok()?)
    }
}

impl Level {
    fn push(&mut self, column: NodeHash) -> Option<NodeHash> {
        match self.tiles.back_mut() {
            Some(tile) if !tile.is_full() => tile.push(column),
            _ => {
                let mut tile = EdgeTile::default();
                let carried = tile.push(column);
                self.tiles.push_back(tile);
                carried
            }
        }
    }

    fn truncate(&mut self, columns: u64) {
        while let Some(last) = (self.tiles.len() as u64).checked_sub(1) {
            let first_column = (self.first + last) * WIDTH;
            if first_column < columns {
                if let Some(tile) = self.tiles.back_mut() {
                    tile.truncate(usize::try_from(columns - first_column).unwrap_or(usize::MAX));
                }
                return;
            }
            self.tiles.pop_back();
        }
    }
}

impl NodeReader for Edge {
    type Error = NotHeld;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, NotHeld> {
        let place = NodePlace::of(level, index);
        self.edge_tile(place.tile_level, place.tile_index)
            .and_then(|tile| tile.node(place.level_in_tile, place.index_in_tile))
            .ok_or(NotHeld)
    }
}

/// How many full tiles a level has.
fn tile_count(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(TILE_HEIGHT) * (u32::from(level) + 1))
        .unwrap_or(0)
}

/// Columns of a tile, entries of a bundle.
pub(crate) const WIDTH: u64 = TILE_WIDTH as u64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sigstead_merkle::{LeafIndex, prove_consistency, prove_inclusion, root_of};

    use super::*;

    fn entry(index: u64) -> RecordedEntry {
        RecordedEntry {
            bundle: Bytes::from(format!("{index};")),
            side: Bytes::new(),
        }
    }

    fn leaf(index: u64) -> LeafHash {
        LeafHash::of(&index.to_be_bytes())
    }

    fn grow(edge: &mut Edge, to: u64) {
        for index in edge.size..to {
            edge.push(leaf(index), entry(index));
        }
    }

    #[test]
    fn proves_whatever_it_holds() {
        let mut edge = Edge::default();
        grow(&mut edge, 70_000);
        let root = root_of(&edge, 70_000).unwrap();
        for index in [0, 255, 256, 65_535, 65_536, 69_999] {
            let proof = prove_inclusion(&edge, LeafIndex::new(index), 70_000).unwrap();
            proof.verify(&leaf(index), &root).unwrap();
        }
        for size in [1, 255, 256, 257, 65_536, 65_537, 70_000] {
            let old = root_of(&edge, size).unwrap();
            prove_consistency(&edge, size, 70_000)
                .unwrap()
                .verify(&old, &root)
                .unwrap();
        }
    }

    #[test]
    fn needs_no_forgotten_tile_to_go_on() {
        let mut edge = Edge::default();
        let mut whole = Edge::default();
        for (size, next) in [
            (512, 700),
            (65_536, 65_537),
            (66_048, 66_049),
            (66_049, 70_000),
        ] {
            grow(&mut edge, size);
            for bundle in 0..size / WIDTH {
                edge.forget_bundle(bundle);
            }
            edge.forget_tile(1, 0);
            grow(&mut edge, next);
            grow(&mut whole, next);
            let proof = prove_consistency(&edge, size, next).unwrap();
            let (old, new) = (
                root_of(&whole, size).unwrap(),
                root_of(&edge, next).unwrap(),
            );
            proof.verify(&old, &new).unwrap();
            for index in size..next {
                let proof = prove_inclusion(&edge, LeafIndex::new(index), next).unwrap();
                proof.verify(&leaf(index), &new).unwrap();
            }
            assert!(edge.node(0, 0).is_err() && edge.entry(0).is_none());
            assert_eq!(edge.entry(size), Some(&entry(size)));
            let held = (edge.first_entry..next).map(|index| entry(index).length());
            assert_eq!(edge.entry_bytes(), held.sum::<u64>());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn taking_back_a_round_leaves_no_trace(size in 0_u64..1_200, more in 0_u64..1_200) {
            let mut edge = Edge::default();
            grow(&mut edge, size + more);
            edge.truncate(size);
            grow(&mut edge, size + 300);
            let mut fresh = Edge::default();
            grow(&mut fresh, size + 300);
            prop_assert_eq!(root_of(&edge, size + 300).unwrap(), root_of(&fresh, size + 300).unwrap());
            prop_assert_eq!(edge.entry_bytes(), fresh.entry_bytes());
            prop_assert_eq!(edge.entries, fresh.entries);
        }
    }
}
