//! Tiles, bundles, entries and proofs of any published size.
//!
//! What comes from cold storage is checked against the tree before it is used: a tile against the column of the tile
//! above it, up to one that is in memory; a bundle against its tile.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use merkle::{
    ConsistencyProof, InclusionProof, LeafIndex, NodeHash, NodeReader, ProveError, RootHash,
    prove_consistency, prove_inclusion, root_of,
};
use tiles::{EntryBundleCoordinate, NodePlace, TILE_HEIGHT, TILE_WIDTH, Tile, TileCoordinate};

use crate::edge::{WIDTH, decode_side, encode_bundle};
use crate::shared::{Shared, lock};
use crate::{Error, RecordedEntry};

impl Shared {
    /// The bytes of a tile, or `None` when the published tree has none of that width.
    pub(crate) async fn tile(&self, wanted: TileCoordinate) -> Result<Option<Bytes>, Error> {
        if !wanted.is_within(self.size()) {
            return Ok(None);
        }
        let held = self
            .edge()
            .tile(wanted.level(), wanted.index(), wanted.width());
        if held.is_some() {
            return Ok(held);
        }
        let tile = self.cold_tile(wanted.level(), wanted.index()).await?;
        let bytes = Bytes::from(tile.encode());
        Ok(Some(bytes.slice(
            ..usize::from(wanted.width()) * merkle::HASH_LENGTH,
        )))
    }

    /// The bytes of a bundle, or `None` when the published log has none of that width.
    pub(crate) async fn bundle(
        &self,
        wanted: EntryBundleCoordinate,
    ) -> Result<Option<Bytes>, Error> {
        if !wanted.is_within(self.size()) {
            return Ok(None);
        }
        let held = self
            .edge()
            .bundle_entries(wanted.index(), wanted.width())
            .map(|entries| encode_bundle(&entries));
        if held.is_some() {
            return Ok(held);
        }
        let (bundle, ends) = self.cold_bundle(wanted.index()).await?;
        let end = ends
            .get(usize::from(wanted.width()) - 1)
            .copied()
            .unwrap_or(bundle.len());
        Ok(Some(bundle.slice(..end)))
    }

    /// What the log holds for an index, or `None` beyond the published size.
    pub(crate) async fn entry(&self, index: u64) -> Result<Option<RecordedEntry>, Error> {
        if index >= self.size() {
            return Ok(None);
        }
        let held = self.edge().entry(index).cloned();
        if held.is_some() {
            return Ok(held);
        }
        let (bundle, ends) = self.cold_bundle(index / WIDTH).await?;
        let position = (index % WIDTH) as usize;
        let start = position
            .checked_sub(1)
            .and_then(|before| ends.get(before))
            .copied()
            .unwrap_or(0);
        let end = ends.get(position).copied().unwrap_or(bundle.len());
        let side = self.cold_side(index).await?;
        Ok(Some(RecordedEntry {
            bundle: bundle.slice(start..end),
            side,
        }))
    }

    /// Entries of one full bundle, read and checked once.
    pub(crate) async fn cold_entries(
        &self,
        first: u64,
        end: u64,
    ) -> Result<Vec<RecordedEntry>, Error> {
        let (bundle, ends) = self.cold_bundle(first / WIDTH).await?;
        let path = side_path(first / WIDTH);
        let sides = self.cold.get(&path).await?;
        let end = end.min((first / WIDTH + 1) * WIDTH);
        let mut entries = Vec::new();
        for index in first..end {
            let position = (index % WIDTH) as usize;
            let before = position.checked_sub(1).and_then(|before| ends.get(before));
            let range =
                before.copied().unwrap_or(0)..ends.get(position).copied().unwrap_or(bundle.len());
            let side = match &sides {
                Some(file) => decode_side(file.clone(), position as u16)
                    .ok_or_else(|| damaged(path.clone(), "too short"))?,
                None => Bytes::new(),
            };
            entries.push(RecordedEntry {
                bundle: bundle.slice(range),
                side,
            });
        }
        Ok(entries)
    }

    pub(crate) async fn inclusion_proof(
        &self,
        leaf_index: LeafIndex,
        tree_size: u64,
    ) -> Result<InclusionProof, Error> {
        self.check_size(tree_size)?;
        self.with_nodes(
            |recorder| prove_inclusion(recorder, leaf_index, tree_size).map(drop),
            |nodes| prove_inclusion(nodes, leaf_index, tree_size),
            leaf_index.value(),
        )
        .await
    }

    pub(crate) async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<ConsistencyProof, Error> {
        self.check_size(second)?;
        self.consistency_between(first, second).await
    }

    /// The same up to what is durable and may not be published yet.
    pub(crate) async fn consistency_between(
        &self,
        first: u64,
        second: u64,
    ) -> Result<ConsistencyProof, Error> {
        self.with_nodes(
            |recorder| prove_consistency(recorder, first, second).map(drop),
            |nodes| prove_consistency(nodes, first, second),
            first,
        )
        .await
    }

    pub(crate) async fn root_at(&self, size: u64) -> Result<RootHash, Error> {
        self.check_size(size)?;
        self.with_nodes(
            |recorder| root_of(recorder, size).map(drop),
            |nodes| root_of(nodes, size),
            size,
        )
        .await
    }

    fn check_size(&self, asked: u64) -> Result<(), Error> {
        let size = self.size();
        if asked > size {
            Err(Error::OutOfRange { asked, size })
        } else {
            Ok(())
        }
    }

    /// Runs a prover twice: once to learn which nodes it needs, and again with these nodes.
    async fn with_nodes<T>(
        &self,
        rehearse: impl FnOnce(&Recorder) -> Result<(), ProveError<Infallible>>,
        prove: impl FnOnce(&Nodes) -> Result<T, ProveError<()>>,
        asked: u64,
    ) -> Result<T, Error> {
        let out_of_range = || Error::OutOfRange {
            asked,
            size: self.size(),
        };
        let recorder = Recorder::default();
        rehearse(&recorder).map_err(|_| out_of_range())?;
        let nodes = self.nodes(recorder.0.into_inner()).await?;
        prove(&Nodes(nodes)).map_err(|_| out_of_range())
    }

    async fn nodes(&self, wanted: Vec<(u8, u64)>) -> Result<HashMap<(u8, u64), NodeHash>, Error> {
        let mut nodes = HashMap::with_capacity(wanted.len());
        let mut in_cold: BTreeMap<(u8, u64), Vec<(u8, u64)>> = BTreeMap::new();
        {
            let edge = self.edge();
            for (level, index) in wanted {
                if let Ok(node) = edge.node(level, index) {
                    nodes.insert((level, index), node);
                } else {
                    let place = NodePlace::of(level, index);
                    in_cold
                        .entry((place.tile_level, place.tile_index))
                        .or_default()
                        .push((level, index));
                }
            }
        }
        for ((tile_level, tile_index), inside) in in_cold {
            let tile = self.cold_tile(tile_level, tile_index).await?;
            for (level, index) in inside {
                let place = NodePlace::of(level, index);
                let node = tile.node(place.level_in_tile, place.index_in_tile);
                let node =
                    node.ok_or_else(|| damaged(tile_path(tile_level, tile_index), "too short"))?;
                nodes.insert((level, index), node);
            }
        }
        Ok(nodes)
    }

    /// A full tile that is not in memory, checked against the tree.
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

    /// A full bundle that is not in memory and where each of its entries ends, checked against its tile.
    pub(crate) async fn cold_bundle(&self, index: u64) -> Result<(Bytes, Vec<usize>), Error> {
        let path = bundle_path(self, index);
        let bytes = self
            .cold
            .get(&path)
            .await?
            .ok_or_else(|| damaged(path.clone(), "missing"))?;
        let held = self.edge().tile(0, index, TILE_WIDTH);
        let tile = match held {
            Some(bytes) => Tile::parse(&bytes, TILE_WIDTH)
                .map(Arc::new)
                .map_err(|_| damaged(path.clone(), "odd"))?,
            None => self.cold_tile(0, index).await?,
        };
        let mut ends = Vec::with_capacity(usize::from(TILE_WIDTH));
        let mut rest = bytes.as_ref();
        for column in tile.hashes() {
            let length = if rest.is_empty() {
                None
            } else {
                self.format.framed_bytes(rest).ok()
            };
            let (framed, behind) = length
                .and_then(|length| rest.split_at_checked(length))
                .ok_or_else(|| damaged(path.clone(), "not a full bundle"))?;
            let leaf = self
                .format
                .read(framed)
                .map_err(|_| damaged(path.clone(), "not of this log's format"))?;
            if NodeHash::from(leaf.leaf_hash) != *column {
                return Err(damaged(path, "not what its tile says"));
            }
            ends.push(bytes.len() - behind.len());
            rest = behind;
        }
        if rest.is_empty() {
            Ok((bytes, ends))
        } else {
            Err(damaged(path, "longer than its tile"))
        }
    }

    async fn cold_side(&self, index: u64) -> Result<Bytes, Error> {
        let path = side_path(index / WIDTH);
        let Some(file) = self.cold.get(&path).await? else {
            // No file is written for a bundle whose entries have nothing beside the leaf.
            return Ok(Bytes::new());
        };
        decode_side(file, (index % WIDTH) as u16).ok_or_else(|| damaged(path, "too short"))
    }
}

/// Notes which nodes a prover asks for.
#[derive(Default)]
struct Recorder(RefCell<Vec<(u8, u64)>>);

impl NodeReader for Recorder {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Infallible> {
        self.0.borrow_mut().push((level, index));
        Ok(NodeHash::from_bytes([0; merkle::HASH_LENGTH]))
    }
}

/// The nodes that a prover asked for.
struct Nodes(HashMap<(u8, u64), NodeHash>);

impl NodeReader for Nodes {
    type Error = ();

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, ()> {
        self.0.get(&(level, index)).copied().ok_or(())
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

pub(crate) fn tile_path(level: u8, index: u64) -> String {
    TileCoordinate::new(level, index, TILE_WIDTH).map_or_else(|_| String::new(), |tile| tile.path())
}

pub(crate) fn bundle_path(shared: &Shared, index: u64) -> String {
    let coordinate = EntryBundleCoordinate::new(index, TILE_WIDTH);
    coordinate.map_or_else(
        |_| String::new(),
        |bundle| bundle.path(shared.format.bundle_kind()),
    )
}

/// Beside the folders of C2SP tlog-tiles, in the same spelling.
pub(crate) fn side_path(index: u64) -> String {
    tile_path(0, index).replacen("tile/0/", "side/", 1)
}

fn damaged(path: String, what: &'static str) -> Error {
    Error::ObjectDamaged { path, what }
}

const CACHED_TILES: usize = 64;

/// A full tile of this level would hold 2⁶⁴ leaves.
const TOP_LEVEL: u8 = 7;
