//! Tiles, entries and proofs of the tree at a size that the caller names, from memory or from cold storage.
//!
//! The tree may be ahead of the published head by the round that is being committed. Its nodes never change, so a caller who
//! asks for the tree at the published size never sees that.

pub(crate) mod bundle;
pub(crate) mod cold;
pub(crate) mod cold_bundle;
mod cold_tiles;
pub(crate) mod edge;
mod edge_tile;
pub(crate) mod layout;
pub(crate) mod rebuild;
pub(crate) mod shared_edge;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use sigstead_cold::ColdStorage;
use sigstead_merkle::{
    ConsistencyProof, HASH_LENGTH, InclusionProof, LeafHash, LeafIndex, NodeHash, NodeReader,
    ProveError, RootHash, prove_consistency, prove_inclusion, root_of,
};
use sigstead_tiles::{NodePlace, TileCoordinate};

use crate::entry::RecordedEntry;
use crate::error::Error;
use crate::leaf_format::LeafFormat;
use crate::tree::cold::ColdTree;
use crate::tree::edge::Edge;
use crate::tree::layout::tile_path;
use crate::tree::shared_edge::SharedEdge;

/// All that a log has: its edge in memory, and what is full in cold storage.
pub(crate) struct Tree {
    edge: Arc<SharedEdge>,
    pub(crate) cold: ColdTree,
}

impl Tree {
    pub(crate) fn new(
        edge: Edge,
        storage: Arc<dyn ColdStorage>,
        format: Arc<dyn LeafFormat>,
        has_sides: bool,
    ) -> Self {
        let edge = Arc::new(SharedEdge::new(edge));
        let cold = ColdTree::new(storage, format, has_sides, Arc::clone(&edge));
        Self { edge, cold }
    }

    /// What is in memory. Not to be held across an await or a sync.
    pub(crate) fn edge(&self) -> RwLockReadGuard<'_, Edge> {
        self.edge.read()
    }

    /// The same to be changed, by the log's thread and by the keeper of cold storage.
    pub(crate) fn edge_mut(&self) -> RwLockWriteGuard<'_, Edge> {
        self.edge.write()
    }

    /// The tree of the first `size` entries, which are there.
    pub(crate) fn at(&self, size: u64) -> TreeAt<'_> {
        TreeAt { tree: self, size }
    }

    fn held_entries(&self, first: u64, end: u64, most_bytes: u64) -> Vec<RecordedEntry> {
        let edge = self.edge();
        let mut bytes = 0;
        let held = (first..end).map_while(|index| {
            let entry = (bytes < most_bytes).then(|| edge.entry(index)).flatten()?;
            bytes += entry.bundle.len() as u64;
            Some(entry.clone())
        });
        held.collect()
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
            let tile = self.cold.tile(tile_level, tile_index).await?;
            for (level, index) in inside {
                let place = NodePlace::of(level, index);
                let node = tile.node(place.level_in_tile, place.index_in_tile);
                let node = node.ok_or_else(|| {
                    Error::damaged(tile_path(tile_level, tile_index), "too short")
                })?;
                nodes.insert((level, index), node);
            }
        }
        Ok(nodes)
    }
}

/// A tree of the past or of now. It shows nothing of what came after.
#[derive(Clone, Copy)]
pub(crate) struct TreeAt<'a> {
    tree: &'a Tree,
    size: u64,
}

impl TreeAt<'_> {
    /// The bytes of a tile, or `None` when the tree has none of that width.
    pub(crate) async fn tile(&self, wanted: TileCoordinate) -> Result<Option<Bytes>, Error> {
        if !wanted.is_within(self.size) {
            return Ok(None);
        }
        let held = self
            .tree
            .edge()
            .tile(wanted.level(), wanted.index(), wanted.width());
        if held.is_some() {
            return Ok(held);
        }
        let tile = self.tree.cold.tile(wanted.level(), wanted.index()).await?;
        let bytes = Bytes::from(tile.encode());
        Ok(Some(
            bytes.slice(..usize::from(wanted.width()) * HASH_LENGTH),
        ))
    }

    /// What the log holds for an index, or `None` beyond the tree.
    pub(crate) async fn entry(&self, index: u64) -> Result<Option<RecordedEntry>, Error> {
        let entries = self.entries(index, 1, u64::MAX).await?;
        Ok(entries.into_iter().next())
    }

    /// The entries from one on: as many as asked for, or as are in memory or in its bundle, or as make up `most_bytes`
    /// bytes; none beyond the tree.
    pub(crate) async fn entries(
        &self,
        first: u64,
        limit: u64,
        most_bytes: u64,
    ) -> Result<Vec<RecordedEntry>, Error> {
        let end = self.size.min(first.saturating_add(limit));
        let held = self.tree.held_entries(first, end, most_bytes);
        if !held.is_empty() || first >= end {
            return Ok(held);
        }
        self.tree.cold.entries(first, end, most_bytes).await
    }

    /// The hash of a leaf, or `None` beyond the tree. It reads no entry.
    pub(crate) async fn leaf_hash(&self, index: u64) -> Result<Option<LeafHash>, Error> {
        if index >= self.size {
            return Ok(None);
        }
        let nodes = self.tree.nodes(vec![(0, index)]).await?;
        let node = nodes.get(&(0, index));
        Ok(node.map(|node| LeafHash::from_bytes(*node.as_bytes())))
    }

    /// The proof that a leaf is in the tree of `tree_size`, which is at most this one.
    pub(crate) async fn inclusion_proof(
        &self,
        leaf_index: LeafIndex,
        tree_size: u64,
    ) -> Result<InclusionProof, Error> {
        self.prove(
            leaf_index.value(),
            tree_size,
            |recorder| prove_inclusion(recorder, leaf_index, tree_size).map(drop),
            |nodes| prove_inclusion(nodes, leaf_index, tree_size),
        )
        .await
    }

    /// The proof between two sizes, of which the second is at most that of this tree.
    pub(crate) async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<ConsistencyProof, Error> {
        self.prove(
            first,
            second,
            |recorder| prove_consistency(recorder, first, second).map(drop),
            |nodes| prove_consistency(nodes, first, second),
        )
        .await
    }

    /// The root of the tree of `asked` entries, which is at most this one.
    pub(crate) async fn root(&self, asked: u64) -> Result<RootHash, Error> {
        self.prove(
            asked,
            asked,
            |recorder| root_of(recorder, asked).map(drop),
            |nodes| root_of(nodes, asked),
        )
        .await
    }

    /// Runs a prover twice: once to learn which nodes it needs, and again with these nodes. `asked` is what the caller named,
    /// the size of the tree behind the rest.
    async fn prove<T>(
        &self,
        asked: u64,
        tree_size: u64,
        rehearse: impl FnOnce(&Recorder) -> Result<(), ProveError<Infallible>>,
        prove: impl FnOnce(&Nodes) -> Result<T, ProveError<()>>,
    ) -> Result<T, Error> {
        let size = self.size;
        let out_of_range = |asked| Error::OutOfRange { asked, size };
        if tree_size > size {
            return Err(out_of_range(tree_size));
        }
        let recorder = Recorder::default();
        rehearse(&recorder).map_err(|_| out_of_range(asked))?;
        let nodes = self.tree.nodes(recorder.0.into_inner()).await?;
        prove(&Nodes(nodes)).map_err(|_| out_of_range(asked))
    }
}

/// Notes which nodes a prover asks for.
#[derive(Default)]
struct Recorder(RefCell<Vec<(u8, u64)>>);

impl NodeReader for Recorder {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Infallible> {
        self.0.borrow_mut().push((level, index));
        Ok(NodeHash::from_bytes([0; HASH_LENGTH]))
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
