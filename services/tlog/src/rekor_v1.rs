use std::sync::Arc;

use bytes::Bytes;
use sigstead_entry::v1::{EntryId, TreeId, signed_entry_timestamp_input};
use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex};
use sigstead_sequencer::PublishedHead;

use crate::error::{AdminError, AppendError, Error, ReadError};
use crate::log::TransparencyLog;

mod append;
mod find;
pub(crate) mod pending;

pub(crate) use find::{MAX_RETRIEVED, Retrieval};

/// The log of Rekor v1: shards under one host name, whose entries are numbered through.
pub(crate) struct RekorV1 {
    /// Oldest first.
    inactive: Vec<Shard>,
    active: Shard,
}

/// One shard: a tree with a number of its own.
pub(crate) struct Shard {
    pub(crate) log: Arc<TransparencyLog>,
    pub(crate) tree_id: TreeId,
    /// The index of its first entry among those of all shards.
    first_index: u64,
}

/// An entry of Rekor v1 as it is answered: with its promise and its proof.
pub(crate) struct RekorV1Entry {
    pub(crate) id: EntryId,
    /// The canonical body.
    pub(crate) body: Bytes,
    /// Seconds since the epoch.
    pub(crate) integrated_time: u64,
    pub(crate) log_id: [u8; 32],
    /// The index among the entries of all shards; that of the proof counts within the shard.
    pub(crate) virtual_index: u64,
    pub(crate) proof: InclusionProof,
    pub(crate) checkpoint: Arc<PublishedHead>,
    pub(crate) signed_entry_timestamp: Vec<u8>,
}

/// An entry as its shard holds it, before it is promised.
struct Placed {
    body: Bytes,
    integrated_time: u64,
    leaf_hash: LeafHash,
    proof: InclusionProof,
    checkpoint: Arc<PublishedHead>,
}

impl RekorV1 {
    /// Puts shards in order. All but the last must have ended: the numbers of entries depend on it.
    pub(crate) fn new(logs: Vec<Arc<TransparencyLog>>) -> Result<Option<Self>, Error> {
        let mut shards = Vec::new();
        let mut first_index = 0;
        for log in logs {
            let Some(tree_id) = log.name.tree_id else {
                continue;
            };
            let size = log.published().head.size;
            shards.push(Shard {
                log,
                tree_id,
                first_index,
            });
            first_index += size;
        }
        let Some(active) = shards.pop() else {
            return Ok(None);
        };
        match shards.iter().find(|shard| !shard.log.is_frozen()) {
            Some(shard) => Err(AdminError::ShardNotFrozen(shard.log.origin().clone()).into()),
            None => Ok(Some(Self {
                inactive: shards,
                active,
            })),
        }
    }

    /// The shard that takes entries.
    pub(crate) const fn active(&self) -> &Shard {
        &self.active
    }

    /// The shards that have ended, oldest first.
    pub(crate) fn inactive(&self) -> &[Shard] {
        &self.inactive
    }

    /// The logs, oldest first.
    pub(crate) fn logs(&self) -> impl Iterator<Item = &Arc<TransparencyLog>> {
        let active = std::iter::once(&self.active);
        self.inactive.iter().chain(active).map(|shard| &shard.log)
    }

    /// The shard of a number, or the active one when none is asked for.
    pub(crate) fn shard(&self, tree_id: Option<TreeId>) -> Result<&Shard, Error> {
        let Some(tree_id) = tree_id else {
            return Ok(&self.active);
        };
        let mut shards = self.newest_first();
        let found = shards.find(|shard| shard.tree_id == tree_id);
        found.ok_or_else(|| ReadError::UnknownTree(tree_id).into())
    }

    fn newest_first(&self) -> impl Iterator<Item = &Shard> {
        std::iter::once(&self.active).chain(self.inactive.iter().rev())
    }

    /// Where an entry stands by its number among all.
    fn locate(&self, virtual_index: u64) -> Option<(&Shard, LeafIndex)> {
        let mut shards = self.newest_first();
        let shard = shards.find(|shard| shard.first_index <= virtual_index)?;
        let index = virtual_index - shard.first_index;
        Some((shard, LeafIndex::new(index)))
    }
}

impl Shard {
    pub(crate) const fn entry_id(&self, leaf_hash: LeafHash) -> EntryId {
        EntryId {
            tree_id: Some(self.tree_id),
            leaf_hash,
        }
    }

    /// Promises an entry. The promise is made over what is durable already, so it never changes, however often it is
    /// signed.
    async fn promise(&self, placed: Placed) -> Result<RekorV1Entry, Error> {
        let log_id = self.log.log_id();
        let virtual_index = self.first_index + placed.proof.leaf_index.value();
        let promise = signed_entry_timestamp_input(
            &placed.body,
            placed.integrated_time,
            &log_id,
            virtual_index,
        );
        let signature = self.log.signer.sign(&promise).await;
        Ok(RekorV1Entry {
            id: self.entry_id(placed.leaf_hash),
            body: placed.body,
            integrated_time: placed.integrated_time,
            log_id,
            virtual_index,
            proof: placed.proof,
            checkpoint: placed.checkpoint,
            signed_entry_timestamp: signature.map_err(AppendError::Promise)?,
        })
    }
}
