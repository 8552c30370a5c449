use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigstead_checkpoint::Origin;
use sigstead_cold::DirectoryStorage;
use sigstead_config::tlog::{Face, LogConfig};
use sigstead_entry::v1::TreeId;
use sigstead_entry::v1::{Operator, SearchTerm};
use sigstead_index::{Index, IndexConfig};
use sigstead_journal::FileJournal;
use sigstead_key::Algorithm;
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_note::VerifierKey;
use sigstead_sequencer::{
    Anchor as _, CheckpointSigner, Clock, Cosigning, EntryLeaves, FileAnchor, Log, LogParts,
    PublishedHead,
};
use sigstead_signer::Signer;

use crate::beginning::Beginning;
use crate::cosigning;
use crate::error::{AdminError, Error};
use crate::metrics::Metrics;
use crate::search::SearchIndex;

/// One log: one tree under one key and one origin.
pub(crate) struct TransparencyLog {
    pub(crate) name: LogName,
    pub(crate) log: Log,
    pub(crate) search: SearchIndex,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) metrics: Metrics,
    pub(crate) beginning: Beginning,
    is_witnessed: bool,
    log_id: [u8; 32],
}

/// What a log is called, which depends on its face.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LogName {
    /// The host under which clients know the log, which also names its key.
    pub(crate) host: Origin,
    /// The first line of its checkpoints.
    pub(crate) origin: Origin,
    /// The shard of a Rekor v1 log; a log of Rekor v2 has none.
    pub(crate) tree_id: Option<TreeId>,
}

impl TransparencyLog {
    /// How verifiers know the log's key (Rekor v2 specification §4).
    pub(crate) const fn log_id(&self) -> [u8; 32] {
        self.log_id
    }

    pub(crate) const fn origin(&self) -> &Origin {
        &self.name.origin
    }

    pub(crate) fn published(&self) -> Arc<PublishedHead> {
        self.log.published()
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.log.is_frozen()
    }

    /// Shows how the log is doing from now on. The metrics hold the log for as long as the process runs, so it is done
    /// when nothing can fail any more.
    pub(crate) fn show_metrics(&self) -> Result<(), Error> {
        let origin = self.origin().as_str();
        self.metrics
            .watch(origin, self.log.clone(), self.is_witnessed)
    }

    /// Where an entry stands, by the hash of its leaf.
    pub(crate) async fn find(&self, leaf_hash: &LeafHash) -> Result<Option<LeafIndex>, Error> {
        let (log, key) = (self.log.clone(), *leaf_hash.as_bytes());
        // It may read from disk.
        let finding = tokio::task::spawn_blocking(move || log.find(&key));
        Ok(finding.await.map_err(Error::Task)??)
    }

    /// The entries that have one or all of some terms, in the order of the log.
    pub(crate) async fn find_all(
        &self,
        terms: &[SearchTerm],
        operator: Operator,
    ) -> Result<BTreeSet<LeafIndex>, Error> {
        self.search.find_all(&self.log, terms, operator).await
    }

    /// Whether it takes entries now.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.log.health().takes_none_because() {
            // The end that its operator gave it.
            Some(_) if self.is_frozen() => Ok(()),
            Some(reason) => Err(format!("{} takes no entries: {reason}", self.origin())),
            None if self.published().note.is_empty() => {
                Err(format!("{} has no signed checkpoint yet", self.origin()))
            }
            None if !self.has_begun() => Err(format!("{} has no first entry yet", self.origin())),
            None => Ok(()),
        }
    }
}

/// A log whose key is open and whose files are not touched yet.
pub(crate) struct KeyedLog<'a> {
    config: &'a LogConfig,
    pub(crate) name: LogName,
    pub(crate) key: VerifierKey,
    signer: Arc<dyn Signer>,
}

impl<'a> KeyedLog<'a> {
    pub(crate) async fn open(config: &'a LogConfig) -> Result<Self, Error> {
        let name = LogName::of(config)?;
        let signer = sigstead_signer::open(&config.key).await;
        let signer = signer.map_err(|source| AdminError::Key {
            origin: name.origin.clone(),
            source,
        })?;
        let algorithm = signer.public_key().algorithm();
        // Clients verify signed entry timestamps with this algorithm and no other.
        if name.tree_id.is_some() && algorithm != Algorithm::EcdsaP256Sha256 {
            return Err(AdminError::KeyUnfit(name.origin).into());
        }
        Ok(Self {
            config,
            key: VerifierKey::new(name.host.to_key_name()?, signer.public_key().clone()),
            name,
            signer,
        })
    }

    pub(crate) async fn open_files(
        self,
        clock: Clock,
        metrics: Metrics,
    ) -> Result<TransparencyLog, Error> {
        let origin = self.name.origin.clone();
        let failed = |source| {
            Error::from(AdminError::Open {
                origin: origin.clone(),
                source,
            })
        };
        let data = &self.config.data;
        let head_signer =
            CheckpointSigner::named(origin.clone(), self.key.clone(), Arc::clone(&self.signer));
        let parts = LogParts {
            journal: Box::new(open_journal(data).map_err(|e| failed(e.into()))?),
            cold: Arc::new(open_tiles(data).map_err(|e| failed(e.into()))?),
            anchor: Box::new(FileAnchor::new(&self.config.anchor)),
            head_signer: Arc::new(head_signer),
            cosigning: self.cosigning()?,
            leaf_format: Arc::new(EntryLeaves),
            known: Arc::new(open_index(data.join("known"), &origin).await?),
            clock,
        };
        // The log itself comes last: when anything fails before, there is no thread that still holds its journal.
        let search = SearchIndex::open(data.join("search"), origin.clone()).await?;
        let log = Log::open(self.limits(), parts).await.map_err(failed)?;
        Ok(TransparencyLog {
            log_id: self.key.full_id(),
            name: self.name,
            log,
            search,
            signer: self.signer,
            metrics,
            beginning: Beginning::new(self.config.begins_empty),
            is_witnessed: self.config.witnesses.is_some(),
        })
    }
}

impl KeyedLog<'_> {
    /// Makes the anchor of a log that is about to be made.
    pub(crate) fn begin_anchor(&self) -> Result<(), Error> {
        let begun = FileAnchor::new(&self.config.anchor).begin();
        begun.map_err(|source| self.unopened(source.into()))
    }

    fn unopened(&self, source: sigstead_sequencer::Error) -> Error {
        let origin = self.name.origin.clone();
        AdminError::Open { origin, source }.into()
    }

    /// Checks what stands beside the files of the log.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.cosigning()?;
        let anchored = FileAnchor::new(&self.config.anchor).load();
        anchored.map_err(|source| self.unopened(source.into()))?;
        Ok(())
    }

    fn limits(&self) -> sigstead_sequencer::LogConfig {
        let mut limits = sigstead_sequencer::LogConfig::new(self.name.origin.as_str());
        limits.has_sides = self.name.tree_id.is_some();
        limits.min_round_interval = self.config.min_round_interval.duration();
        limits.pause_mark = Some(self.config.data.join("paused"));
        limits
    }

    fn cosigning(&self) -> Result<Option<Cosigning>, Error> {
        let witnesses = self.config.witnesses.as_ref();
        let opened = witnesses.map(|witnesses| cosigning::open(witnesses, &self.key));
        opened.transpose().map_err(|error| {
            AdminError::Witnesses {
                origin: self.name.origin.clone(),
                source: Box::new(error),
            }
            .into()
        })
    }
}

impl LogName {
    fn of(config: &LogConfig) -> Result<Self, Error> {
        let host = Origin::parse(config.origin.as_str())?;
        let (origin, tree_id) = match (config.face, config.tree_id) {
            (Face::RekorV1, Some(tree_id)) => {
                let tree_id = TreeId::try_from(tree_id.get()).map_err(|_| AdminError::NoTreeId)?;
                (
                    Origin::parse(&format!("{host} - {tree_id}"))?,
                    Some(tree_id),
                )
            }
            (Face::RekorV1, None) => return Err(AdminError::NoTreeId.into()),
            (Face::RekorV2, _) => (host.clone(), None),
        };
        Ok(Self {
            host,
            origin,
            tree_id,
        })
    }
}

/// Opens an index of a log's directory; what is damaged of it is made again from the log.
pub(crate) async fn open_index(directory: PathBuf, origin: &Origin) -> Result<Index, Error> {
    let opening =
        tokio::task::spawn_blocking(move || Index::open(&directory, IndexConfig::default()));
    let (index, damage) = opening.await.map_err(Error::Task)??;
    for damage in damage {
        tracing::warn!(%origin, %damage, "a part of an index is made anew");
    }
    Ok(index)
}

fn open_journal(data: &Path) -> Result<FileJournal, sigstead_journal::Error> {
    FileJournal::open(data.join("journal"))
}

// The directory itself has the layout of the read interface below this folder, so that other tools
// can read or serve it.
fn open_tiles(data: &Path) -> Result<DirectoryStorage, sigstead_cold::Error> {
    DirectoryStorage::open(data.join("tiles"))
}
