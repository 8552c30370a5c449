//! A log out of a backup, opened for reading: the sequencer's own recovery gives what the log's service would serve.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sigstead_archive::{LogFace, LogRecord};
use sigstead_cold::{ColdStorage, DirectoryStorage};
use sigstead_index::{Index, IndexConfig};
use sigstead_journal::FileJournal;
use sigstead_logcheck::Source;
use sigstead_merkle::{LeafIndex, TreeHead};
use sigstead_sequencer::{
    EntryLeaves, Error, HeadSigner, HeadSignerError, LeafFormat, Log, LogConfig, LogParts,
    MemoryAnchor, TileLeaves,
};
use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TileCoordinate};

/// A log that nothing is added to.
pub(super) struct StoredLog {
    pub(super) log: Log,
    cold: Arc<dyn ColdStorage>,
    kind: BundleKind,
}

impl StoredLog {
    /// Opens the log in a folder, as its service would, but without a key and without an anchor.
    pub(super) async fn open(data: &Path, record: &LogRecord) -> Result<Self, Error> {
        let (kind, leaf_format): (_, Arc<dyn LeafFormat>) = match record.face {
            LogFace::RekorV1 | LogFace::RekorV2 => (BundleKind::Entries, Arc::new(EntryLeaves)),
            LogFace::Ct => (BundleKind::Data, Arc::new(TileLeaves)),
        };
        let cold: Arc<dyn ColdStorage> = Arc::new(DirectoryStorage::open(data.join("tiles"))?);
        let parts = LogParts {
            journal: Box::new(FileJournal::open(data.join("journal"))?),
            cold: Arc::clone(&cold),
            anchor: Box::new(MemoryAnchor::new()),
            head_signer: Arc::new(NoKey),
            cosigning: None,
            known: Arc::new(Index::in_memory(IndexConfig::default())),
            leaf_format,
            clock: Arc::new(|| 0),
        };
        let mut config = LogConfig::new(record.origin.as_str());
        config.has_sides = record.face == LogFace::RekorV1;
        let log = Log::open(config, parts).await?;
        Ok(Self { log, cold, kind })
    }

    /// Reads what no reader of the tree asks for: objects that the journal has too, and what is beside entries of Rekor v1.
    pub(super) async fn read_the_rest(&self, face: LogFace) -> Result<(), Error> {
        self.log.compare_held().await?;
        if face != LogFace::RekorV1 {
            return Ok(());
        }
        let size = self.log.published().head.size;
        let mut next = 0;
        while next < size {
            let entries = self.log.entries(LeafIndex::new(next), ENTRIES).await?;
            if entries.is_empty() {
                let why = format!("entry {next} is not there");
                return Err(Error::Inconsistent { why });
            }
            next += entries.len() as u64;
        }
        Ok(())
    }
}

/// What the log would serve.
#[async_trait]
impl Source for StoredLog {
    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, sigstead_logcheck::Error> {
        let unreadable = |reason: String| sigstead_logcheck::Error::Unreadable {
            path: path.to_owned(),
            reason,
        };
        if path == "checkpoint" {
            return Ok(Some(self.log.published().note.to_vec()));
        }
        let read = if let Ok(bundle) = EntryBundleCoordinate::parse(path, self.kind) {
            self.log.bundle(bundle).await
        } else if let Ok(tile) = TileCoordinate::parse(path) {
            self.log.tile(tile).await
        } else {
            self.cold.get(path).await.map_err(Error::from)
        };
        let read = read.map_err(|error| unreadable(sigstead_kit::causes(&error)))?;
        Ok(read.map(|bytes| bytes.to_vec()))
    }

    async fn list(&self) -> Result<Option<Vec<String>>, sigstead_logcheck::Error> {
        Ok(None)
    }
}

/// Signs nothing: what is read out of a backup must not go on. The notes are for the verifier, which has the public key.
struct NoKey;

#[async_trait]
impl HeadSigner for NoKey {
    async fn sign(&self, _: &TreeHead, _: u64) -> Result<Vec<u8>, HeadSignerError> {
        Err("a log out of a backup is read and not written".into())
    }

    fn verify(&self, _: &TreeHead, _: u64, _: &[u8]) -> Result<(), HeadSignerError> {
        Ok(())
    }
}

/// Those of one bundle at a time.
const ENTRIES: u64 = 256;
