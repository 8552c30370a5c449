use std::sync::Arc;

use sigstead_config::opened_logs;
use sigstead_config::tlog::LogConfig;
use sigstead_entry::v1::{EntryId, Operator, SearchTerm};
use sigstead_merkle::{ConsistencyProof, InclusionProof, LeafHash, LeafIndex, RootHash};
use sigstead_sequencer::{PublishedHead, RecordedEntry};

use crate::error::{AdminError, Error, ReadError};
use crate::frame::unframed;
use crate::log::TransparencyLog;
use crate::logs::{Predecessor, TransparencyLogs};

/// What administrators do with logs and see of them, whatever their face.
impl TransparencyLogs {
    /// Opens a log that is described as in the configuration.
    pub(crate) async fn open_log(
        &self,
        yaml: &str,
        predecessor: &Predecessor,
    ) -> Result<Arc<TransparencyLog>, Error> {
        let config: LogConfig = opened_logs::parse(yaml).map_err(AdminError::from)?;
        let log = self.add(config, predecessor).await?;
        tracing::info!(origin = %log.origin(), "a log was opened");
        Ok(log)
    }

    /// Ends a log.
    pub(crate) async fn freeze_log(&self, origin: &str) -> Result<Arc<TransparencyLog>, Error> {
        let log = self.freeze(origin).await?;
        tracing::info!(%origin, "a log was frozen");
        Ok(log)
    }

    /// An entry of a log, with its proof against the newest checkpoint.
    pub(crate) async fn get_entry(&self, origin: &str, index: LeafIndex) -> Result<Proven, Error> {
        self.current().by_origin(origin)?.proven(index).await
    }

    /// The newest entry with that leaf, in the log of that name or, without a name, in any.
    pub(crate) async fn get_entry_by_hash(
        &self,
        origin: &str,
        leaf_hash: &LeafHash,
    ) -> Result<Proven, Error> {
        for log in self.current().all().into_iter().rev() {
            let is_asked = origin.is_empty() || log.origin().as_str() == origin;
            if is_asked && let Some(index) = log.find(leaf_hash).await? {
                return log.proven(index).await;
            }
        }
        Err(ReadError::NoSuchEntry.into())
    }

    /// The entries of all logs that have one or all of some terms.
    pub(crate) async fn search_entries(
        &self,
        terms: &[SearchTerm],
        operator: Operator,
    ) -> Result<Vec<Place>, Error> {
        let mut places = Vec::new();
        for log in self.current().all() {
            for index in log.find_all(terms, operator).await? {
                places.push(log.place(index).await?);
            }
        }
        Ok(places)
    }

    /// The proof that a log only grew between two sizes; the second is the published one when it is zero.
    pub(crate) async fn prove_consistency(
        &self,
        origin: &str,
        first_size: u64,
        second_size: u64,
    ) -> Result<(ConsistencyProof, RootHash), Error> {
        let log = self.current().by_origin(origin)?;
        let second_size = match second_size {
            0 => log.published().head.size,
            size => size,
        };
        if first_size > second_size {
            return Err(ReadError::SizesUnordered {
                first: first_size,
                second: second_size,
            }
            .into());
        }
        let proof = log.log.consistency_proof(first_size, second_size).await?;
        Ok((proof, log.log.root(second_size).await?))
    }

    /// Has the search index of a log made anew, or that of every log; tells of how many.
    pub(crate) fn rebuild_index(&self, origin: &str) -> Result<usize, Error> {
        let set = self.current();
        let logs = match origin {
            "" => set.all(),
            origin => vec![set.by_origin(origin)?],
        };
        for log in &logs {
            log.search.rebuild();
        }
        Ok(logs.len())
    }
}

/// An entry with its proof.
pub(crate) struct Proven {
    pub(crate) log: Arc<TransparencyLog>,
    pub(crate) entry: RecordedEntry,
    pub(crate) leaf_hash: LeafHash,
    pub(crate) proof: InclusionProof,
    pub(crate) checkpoint: Arc<PublishedHead>,
}

/// Where an entry is.
pub(crate) struct Place {
    pub(crate) log: Arc<TransparencyLog>,
    pub(crate) index: LeafIndex,
    pub(crate) leaf_hash: LeafHash,
}

impl Place {
    /// The identifier by which clients of Rekor v1 know the entry.
    pub(crate) fn entry_id(&self) -> Option<EntryId> {
        let tree_id = self.log.name.tree_id?;
        Some(EntryId {
            tree_id: Some(tree_id),
            leaf_hash: self.leaf_hash,
        })
    }
}

impl TransparencyLog {
    async fn proven(self: Arc<Self>, index: LeafIndex) -> Result<Proven, Error> {
        let checkpoint = self.published();
        if index.value() >= checkpoint.head.size {
            return Err(ReadError::NoSuchEntry.into());
        }
        let entry = self.log.entry(index).await?;
        let entry = entry.ok_or_else(|| ReadError::EntryLost(index.value()))?;
        let proof = self
            .log
            .inclusion_proof(index, checkpoint.head.size)
            .await?;
        Ok(Proven {
            leaf_hash: LeafHash::of(&unframed(&entry.bundle)),
            log: self,
            entry,
            proof,
            checkpoint,
        })
    }

    async fn place(self: &Arc<Self>, index: LeafIndex) -> Result<Place, Error> {
        let entry = self.log.entry(index).await?;
        let entry = entry.ok_or_else(|| ReadError::EntryLost(index.value()))?;
        Ok(Place {
            log: Arc::clone(self),
            index,
            leaf_hash: LeafHash::of(&unframed(&entry.bundle)),
        })
    }
}
