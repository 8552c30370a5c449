//! A log on memory-backed parts that outlive it, so that it can be crashed and opened again.
#![allow(dead_code, reason = "each test file uses its own part of the world")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub(crate) mod audit;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sigstead_checkpoint::Origin;
use sigstead_cold::MemoryStorage;
use sigstead_index::{Index, IndexConfig};
use sigstead_journal::{MemoryJournal, MemoryMedium};
use sigstead_key::Algorithm;
use sigstead_merkle::{LeafHash, LeafIndex, TreeHead};
use sigstead_sequencer::{
    CheckpointSigner, EntryLeaves, Error, HeadSigner, HeadSignerError, Included, Log, LogConfig,
    LogParts, MemoryAnchor, PendingEntry, SealError, SealedEntry,
};
use tokio::task::JoinHandle;

pub(crate) struct World {
    pub(crate) journal: MemoryMedium,
    pub(crate) cold: MemoryStorage,
    pub(crate) anchor: MemoryAnchor,
    pub(crate) signer: Arc<TestSigner>,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) known: Arc<Index>,
    pub(crate) config: LogConfig,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            journal: MemoryJournal::new().medium(),
            cold: MemoryStorage::new(),
            anchor: MemoryAnchor::begun(),
            signer: Arc::new(TestSigner::new()),
            clock: Arc::new(AtomicU64::new(1_000_000)),
            known: new_index(),
            config: LogConfig::new("log.example.org"),
        }
    }

    /// The same log as it is now, on a medium of its own; the anchor is shared, because it is elsewhere.
    pub(crate) fn copy(&self) -> Self {
        Self {
            journal: self.journal.snapshot().medium(),
            cold: self.cold.snapshot(),
            anchor: self.anchor.clone(),
            signer: Arc::clone(&self.signer),
            clock: Arc::clone(&self.clock),
            known: new_index(),
            config: self.config.clone(),
        }
    }

    pub(crate) fn parts(&self) -> LogParts {
        let clock = Arc::clone(&self.clock);
        LogParts {
            journal: Box::new(self.journal.reopen()),
            cold: Arc::new(self.cold.clone()),
            anchor: Box::new(self.anchor.clone()),
            head_signer: self.signer.clone(),
            cosigning: None,
            leaf_format: Arc::new(EntryLeaves),
            known: Arc::clone(&self.known),
            clock: Arc::new(move || clock.load(Ordering::Relaxed)),
        }
    }

    pub(crate) async fn try_open(&self) -> Result<Log, Error> {
        Log::open(self.config.clone(), self.parts()).await
    }

    pub(crate) async fn open(&self) -> Log {
        self.try_open().await.unwrap()
    }

    /// Opens the log, which must have ended.
    pub(crate) async fn open_frozen(&self) -> Log {
        let log = self.open().await;
        assert!(log.is_frozen());
        log
    }

    /// Reads the whole log and checks all of it against the published checkpoint.
    pub(crate) async fn audit(&self, log: &Log) -> Result<audit::Audited, Error> {
        audit::audit(log, &*self.signer).await
    }

    /// Opens the log, which must be unharmed in every part.
    pub(crate) async fn open_and_audit(&self) -> Log {
        let log = self.open().await;
        assert_eq!(log.health().read_only, None);
        assert_eq!(self.audit(&log).await.unwrap().head, log.published().head);
        log
    }
}

/// An index that remembers nothing of earlier runs.
pub(crate) fn new_index() -> Arc<Index> {
    Arc::new(Index::in_memory(IndexConfig::default()))
}

/// A checkpoint signer that can be told to fail.
pub(crate) struct TestSigner {
    signer: CheckpointSigner,
    pub(crate) is_failing: AtomicBool,
    pub(crate) failed: AtomicU64,
}

impl TestSigner {
    pub(crate) fn new() -> Self {
        let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        let signer =
            CheckpointSigner::new(Origin::parse("log.example.org").unwrap(), signer).unwrap();
        Self {
            signer,
            is_failing: AtomicBool::new(false),
            failed: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl HeadSigner for TestSigner {
    async fn sign(&self, head: &TreeHead, time_millis: u64) -> Result<Vec<u8>, HeadSignerError> {
        if self.is_failing.load(Ordering::Relaxed) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return Err("the key is out of reach".into());
        }
        self.signer.sign(head, time_millis).await
    }

    async fn sign_last(
        &self,
        head: &TreeHead,
        time_millis: u64,
    ) -> Result<Vec<u8>, HeadSignerError> {
        if self.is_failing.load(Ordering::Relaxed) {
            return Err("the key is out of reach".into());
        }
        self.signer.sign_last(head, time_millis).await
    }

    fn is_last(&self, note: &[u8]) -> bool {
        self.signer.is_last(note)
    }

    fn verify(
        &self,
        head: &TreeHead,
        time_millis: u64,
        note: &[u8],
    ) -> Result<(), HeadSignerError> {
        self.signer.verify(head, time_millis, note)
    }
}

/// An entry that is its text.
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) key: Option<[u8; 32]>,
    pub(crate) side: &'static str,
}

impl Text {
    pub(crate) fn boxed(text: impl Into<String>) -> Box<dyn PendingEntry> {
        Box::new(Self::new(text))
    }

    pub(crate) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let key = Some(*LeafHash::of(text.as_bytes()).as_bytes());
        Self {
            text,
            key,
            side: "",
        }
    }
}

impl PendingEntry for Text {
    fn deduplication_key(&self) -> Option<[u8; 32]> {
        self.key
    }

    fn seal(&self, _: LeafIndex, _: u64) -> Result<SealedEntry, SealError> {
        let leaf_hash = LeafHash::of(self.text.as_bytes());
        Ok(SealedEntry {
            bundle: sigstead_tiles::frame(self.text.as_bytes())?.into(),
            leaf_hash,
            side: self.side.into(),
        })
    }
}

/// Adds so many entries at once and answers where they went, having checked every proof.
pub(crate) async fn add_many(
    log: &Log,
    name: &str,
    count: usize,
) -> Vec<(String, Result<Included, Error>)> {
    let additions = (0..count).map(|number| {
        let (log, text) = (log.clone(), format!("{name} {number}"));
        tokio::spawn(async move {
            let included = log.add(Text::boxed(&text)).await;
            if let Ok(included) = &included {
                check(&text, included);
            }
            (text, included)
        })
    });
    let mut answers = Vec::with_capacity(count);
    for addition in additions.collect::<Vec<_>>() {
        answers.push(addition.await.unwrap());
    }
    answers
}

pub(crate) async fn add(log: &Log, text: &str) -> Result<Included, Error> {
    let included = log.add(Text::boxed(text)).await?;
    check(text, &included);
    Ok(included)
}

pub(crate) fn check(text: &str, included: &Included) {
    assert_eq!(included.entry.bundle[2..], *text.as_bytes());
    assert_eq!(included.proof.tree_size, included.checkpoint.head.size);
    let leaf = LeafHash::of(text.as_bytes());
    included
        .proof
        .verify(&leaf, &included.checkpoint.head.root)
        .unwrap();
}

/// Adds an entry whose commit does not end before [`MemoryMedium::resume`].
pub(crate) async fn add_held(world: &World, log: &Log) -> JoinHandle<Included> {
    world.journal.pause();
    let log = log.clone();
    let first = tokio::spawn(async move { add(&log, "held").await.unwrap() });
    eventually("holding", || world.journal.is_holding()).await;
    first
}

/// Every acknowledged entry is where it was acknowledged.
pub(crate) async fn check_acknowledged(log: &Log, acknowledged: &[(String, LeafIndex)]) {
    for (text, leaf_index) in acknowledged {
        let entry = log.entry(*leaf_index).await.unwrap();
        let entry = entry.unwrap_or_else(|| panic!("{text} at {leaf_index} is lost"));
        assert_eq!(entry.bundle[2..], *text.as_bytes(), "at {leaf_index}");
    }
}

/// Waits for something that happens in the background; the limit only ends a broken test.
pub(crate) async fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let waiting = async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "{what} did not happen");
}

pub(crate) fn reason(log: &Log) -> String {
    log.health()
        .read_only
        .map(|reason| reason.to_string())
        .unwrap_or_default()
}
