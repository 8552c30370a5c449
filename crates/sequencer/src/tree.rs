//! Tiles, bundles, entries and proofs of any published size, from memory or from cold storage.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use bytes::Bytes;
use sigstead_merkle::{
    ConsistencyProof, InclusionProof, LeafHash, LeafIndex, NodeHash, NodeReader, ProveError,
    RootHash, prove_consistency, prove_inclusion, root_of,
};
use sigstead_tiles::{NodePlace, TileCoordinate};

use crate::cold_paths::tile_path;
use crate::cold_tree::damaged;
use crate::shared::Shared;
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
            ..usize::from(wanted.width()) * sigstead_merkle::HASH_LENGTH,
        )))
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
        let entries = self.cold_entries(index, index + 1, u64::MAX).await?;
        Ok(entries.into_iter().next())
    }

    /// The hash of a leaf, or `None` beyond the published size. It reads no entry.
    pub(crate) async fn leaf_hash(&self, index: u64) -> Result<Option<LeafHash>, Error> {
        if index >= self.size() {
            return Ok(None);
        }
        let nodes = self.nodes(vec![(0, index)]).await?;
        let node = nodes.get(&(0, index));
        Ok(node.map(|node| LeafHash::from_bytes(*node.as_bytes())))
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
}

/// Notes which nodes a prover asks for.
#[derive(Default)]
struct Recorder(RefCell<Vec<(u8, u64)>>);

impl NodeReader for Recorder {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Infallible> {
        self.0.borrow_mut().push((level, index));
        Ok(NodeHash::from_bytes([0; sigstead_merkle::HASH_LENGTH]))
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
