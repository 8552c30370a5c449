use sigstead_entry::v1::{EntryId, Operator, ProposedEntry, SearchQuery, SearchTerm};
use sigstead_merkle::{LeafHash, LeafIndex};

use super::{Placed, RekorV1, RekorV1Entry, Shard};
use crate::error::{Error, ReadError};
use crate::frame::unframed;
use crate::side::Side;

impl RekorV1 {
    /// The entry of a number among those of all shards.
    pub(crate) async fn by_index(&self, virtual_index: u64) -> Result<Option<RekorV1Entry>, Error> {
        match self.locate(virtual_index) {
            Some((shard, index)) => shard.entry(index).await,
            None => Ok(None),
        }
    }

    /// The entry of an identifier. Without the number of a shard, the newest shard that has it counts.
    pub(crate) async fn by_id(&self, id: &EntryId) -> Result<Option<RekorV1Entry>, Error> {
        for shard in self.newest_first() {
            if id.tree_id.is_some_and(|tree_id| tree_id != shard.tree_id) {
                continue;
            }
            if let Some(index) = shard.log.find(&id.leaf_hash).await? {
                return shard.entry(index).await;
            }
        }
        Ok(None)
    }

    /// Several entries at once; those that are not there are passed over.
    pub(crate) async fn retrieve(&self, retrieval: Retrieval) -> Result<Vec<RekorV1Entry>, Error> {
        let mut found = Vec::new();
        for id in &retrieval.ids {
            found.extend(self.by_id(id).await?);
        }
        for index in retrieval.indexes {
            found.extend(self.by_index(index).await?);
        }
        for proposed in retrieval.entries {
            let id = EntryId {
                tree_id: None,
                leaf_hash: proposed.verify()?.leaf_hash(),
            };
            found.extend(self.by_id(&id).await?);
        }
        Ok(found)
    }

    /// The identifiers of the entries that a query describes.
    pub(crate) async fn search(&self, query: &SearchQuery) -> Result<Vec<EntryId>, Error> {
        let terms = query.terms().map_err(ReadError::V1Request)?;
        let mut found = Vec::new();
        for shard in self.newest_first() {
            found.extend(shard.search(&terms, query.operator()).await?);
        }
        Ok(found)
    }
}

/// What is retrieved.
pub(crate) struct Retrieval {
    pub(crate) ids: Vec<EntryId>,
    pub(crate) indexes: Vec<u64>,
    pub(crate) entries: Vec<ProposedEntry>,
}

impl Shard {
    /// The entry of an index within the shard, proven against the newest checkpoint.
    pub(crate) async fn entry(&self, index: LeafIndex) -> Result<Option<RekorV1Entry>, Error> {
        let checkpoint = self.log.published();
        if index.value() >= checkpoint.head.size {
            return Ok(None);
        }
        let log = &self.log.log;
        let entry = log.entry(index).await?;
        let entry = entry.ok_or_else(|| ReadError::EntryLost(index.value()))?;
        let side = Side::decode(&entry.side).ok_or_else(|| ReadError::SideLost(index.value()))?;
        let body = unframed(&entry.bundle);
        let placed = Placed {
            leaf_hash: LeafHash::of(&body),
            body,
            integrated_time: side.integrated_time,
            proof: log.inclusion_proof(index, checkpoint.head.size).await?,
            checkpoint,
        };
        self.promise(placed).await.map(Some)
    }

    async fn search(
        &self,
        terms: &[SearchTerm],
        operator: Operator,
    ) -> Result<Vec<EntryId>, Error> {
        let mut ids = Vec::new();
        for index in self.log.find_all(terms, operator).await? {
            let leaf_hash = self.log.log.leaf_hash(index).await?;
            ids.push(self.entry_id(leaf_hash.ok_or_else(|| ReadError::EntryLost(index.value()))?));
        }
        Ok(ids)
    }
}

/// How many entries one request may ask for.
pub(crate) const MAX_RETRIEVED: usize = 10;
