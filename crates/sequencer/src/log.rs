use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use cold::ColdStorage;
use index::Index;
use journal::Journal;
use merkle::{ConsistencyProof, InclusionProof, LeafIndex, RootHash};
use tiles::{EntryBundleCoordinate, TileCoordinate};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::audit::{self, Audited};
use crate::keeper;
use crate::queue::{Announcement, Outcome, RETRY_AFTER, Submission};
use crate::recovery::{self, Recovered};
use crate::round::Placed;
use crate::shared::{Shared, lock};
use crate::{
    Anchor, Cosigning, Error, HeadSigner, LeafFormat, PendingEntry, PublishedHead, RecordedEntry,
};

/// How a log behaves.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The log's name in messages, mostly its origin.
    pub name: String,
    /// How many entries may wait before more are refused; about a second of work.
    pub queue_limit: usize,
    /// How many entries one round takes at most.
    pub max_round_entries: usize,
    /// The least time from one round's start to the next one's. Zero, the default, for no wait at all; a log whose heads
    /// must have different times (RFC 6962 §3.5) takes a millisecond.
    pub min_round_interval: Duration,
    /// After what time without a round the head is signed again, so that readers see that the log lives. `None`, the
    /// default, for never.
    pub refresh_interval: Option<Duration>,
    /// Accept a log that has entries and no anchor, once, after an operator has made sure that it is the latest copy.
    pub adopts_missing_anchor: bool,
}

impl LogConfig {
    /// The defaults for a log of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            queue_limit: 4_096,
            max_round_entries: 1_024,
            min_round_interval: Duration::ZERO,
            refresh_interval: None,
            adopts_missing_anchor: false,
        }
    }
}

/// What a log stands on.
pub struct LogParts {
    /// The rounds that are not yet in cold storage.
    pub journal: Box<dyn Journal>,
    /// Full tiles and bundles.
    pub cold: Arc<dyn ColdStorage>,
    /// The published head, remembered apart from the two above.
    pub anchor: Box<dyn Anchor>,
    /// Signs the heads.
    pub head_signer: Arc<dyn HeadSigner>,
    /// Who cosigns them, if anybody.
    pub cosigning: Option<Cosigning>,
    /// Where entries stand by their deduplication keys. It is fed by the log, and made again when it is lost.
    pub known: Arc<Index>,
    /// How leaves are written.
    pub leaf_format: Arc<dyn LeafFormat>,
    /// What time it is.
    pub clock: Clock,
}

/// Tells the time in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// One log; clones are handles of the same.
///
/// When the last handle is dropped the log's thread finishes what waits and ends; [`Log::shutdown`] waits for that and
/// leaves the anchor exact.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    head_signer: Arc<dyn HeadSigner>,
    stopping: watch::Sender<bool>,
    running: Mutex<Option<Running>>,
}

struct Running {
    engine: thread::JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// The answer to an addition: the entry is durable, and a published checkpoint covers it.
#[derive(Debug, Clone)]
pub struct Included {
    /// The entry's index.
    pub leaf_index: LeafIndex,
    /// The time that the entry was sealed with; for a duplicate the original's where its leaf contains it, else 0.
    pub time_millis: u64,
    /// The proof against `checkpoint`; it was verified.
    pub proof: InclusionProof,
    /// The published checkpoint that covers the entry.
    pub checkpoint: Arc<PublishedHead>,
    /// Whether the log already had the entry.
    pub is_duplicate: bool,
    /// What the log holds for the index; for a duplicate the original.
    pub entry: RecordedEntry,
}

/// An entry that a log expects; dropping it takes the announcement back.
pub struct Announced<'a> {
    log: &'a Log,
    announcement: Announcement<'a>,
}

impl Announced<'_> {
    /// As [`Log::add`].
    ///
    /// # Errors
    /// As [`Log::add`].
    pub async fn add(self, entry: Box<dyn PendingEntry>) -> Result<Included, Error> {
        self.log.add_announced(entry, self.announcement).await
    }
}

/// How a log is doing.
#[derive(Debug, Clone)]
pub struct Health {
    /// Why the log takes no entries, when it does not.
    pub read_only: Option<Arc<str>>,
    /// The published size.
    pub size: u64,
    /// The time of the published checkpoint, in milliseconds since the epoch.
    pub published_millis: u64,
    /// How many entries wait for a round.
    pub waiting: usize,
    /// How many bundles are in cold storage.
    pub bundles_in_cold: u64,
    /// Up to which size the anchor knows the log.
    pub anchored_size: u64,
    /// Up to which size a quorum of witnesses has cosigned the log since it was opened.
    pub cosigned_size: u64,
}

impl Log {
    /// Opens a log, making it when nothing is stored yet, and starts its thread and tasks.
    ///
    /// A log whose store contradicts its anchor is opened for reading only; [`Log::health`] tells why.
    ///
    /// # Errors
    /// When the stored log cannot be read or contradicts itself: it is not opened then, because any answer would be a
    /// guess.
    pub async fn open(config: LogConfig, parts: LogParts) -> Result<Self, Error> {
        let head_signer = Arc::clone(&parts.head_signer);
        let (shared, worker) = match recovery::recover(config, parts).await? {
            Recovered::ReadOnly(shared) => (shared, None),
            Recovered::Writable {
                shared,
                engine,
                anchor,
            } => (shared, Some((engine, anchor))),
        };
        let (stopping, stopped) = watch::channel(false);
        let running = match worker {
            Some((engine, anchor)) => {
                let thread = thread::Builder::new().name("sequencer".to_owned());
                let engine = thread.spawn(move || engine.run()).map_err(Error::Thread)?;
                let tasks = keeper::start(&shared, anchor, stopped);
                Some(Running { engine, tasks })
            }
            None => None,
        };
        let inner = Inner {
            shared,
            head_signer,
            stopping,
            running: Mutex::new(running),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Adds an entry and waits until it is durable and published, or finds the entry that it repeats.
    ///
    /// Dropping the future before its round starts withdraws the entry.
    ///
    /// # Errors
    /// [`Error::Overloaded`], [`Error::NoRoom`], [`Error::ClockBehind`] and [`Error::SigningFailed`] may pass with time;
    /// [`Error::ReadOnly`] does not; [`Error::EntryUnfit`] is the entry's own.
    pub async fn add(&self, entry: Box<dyn PendingEntry>) -> Result<Included, Error> {
        self.announce().add(entry).await
    }

    /// Says that an entry will be added within microseconds, once it is verified: the next round waits for it, though
    /// never longer than the last commit took.
    #[must_use]
    pub fn announce(&self) -> Announced<'_> {
        Announced {
            log: self,
            announcement: self.inner.shared.queue.announce(),
        }
    }

    async fn add_announced(
        &self,
        mut entry: Box<dyn PendingEntry>,
        announcement: Announcement<'_>,
    ) -> Result<Included, Error> {
        let shared = &self.inner.shared;
        let mut deduplication_key = entry.deduplication_key();
        let mut announcement = Some(announcement);
        loop {
            if shared.queue.is_frozen() {
                return Err(Error::Frozen);
            }
            if let Some(index) = deduplication_key.and_then(|key| shared.find_known(&key)) {
                announcement = None;
                shared.wait_until_published(index).await;
                let stored = shared.entry(index).await?;
                match stored.and_then(|stored| shared.as_duplicate(&*entry, index, stored)) {
                    Some(duplicate) => return self.duplicate(duplicate).await,
                    // Another entry under the same key: this one is new.
                    None => deduplication_key = None,
                }
            }
            let (answer, answered) = oneshot::channel();
            shared.refuse_when_cold_storage_lags()?;
            shared.queue.push(Submission {
                entry,
                deduplication_key,
                answer,
            })?;
            drop(announcement.take());
            match answered.await.map_err(|_| shared.read_only())?? {
                Outcome::Included(included) => return self.verified(included),
                Outcome::ComparesElsewhere(returned) => entry = returned,
            }
        }
    }

    /// Ends the log: finishes what waits, and publishes a last head that says so. It stays readable and takes no entry
    /// again, also after a restart. Ending it again answers the same head.
    ///
    /// # Errors
    /// [`Error::SigningFailed`] for logs whose heads cannot say that they are the last, and as for [`Log::add`].
    pub async fn freeze(&self) -> Result<Arc<PublishedHead>, Error> {
        let shared = &self.inner.shared;
        let (ending, ended) = oneshot::channel();
        match shared.queue.end(ending) {
            Err(Error::Frozen) => return Ok(shared.published()),
            asked => asked?,
        }
        ended.await.map_err(|_| shared.read_only())?
    }

    /// Whether the log has ended.
    pub fn is_frozen(&self) -> bool {
        self.inner.shared.queue.is_frozen()
    }

    /// Where an entry stands by its deduplication key, as far as the index knows.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub fn find(&self, key: &[u8; 32]) -> Result<Option<LeafIndex>, Error> {
        Ok(self.inner.shared.known.find(key)?.map(LeafIndex::new))
    }

    /// The head that is published now.
    pub fn published(&self) -> Arc<PublishedHead> {
        self.inner.shared.published()
    }

    /// Follows the published head.
    pub fn subscribe(&self) -> watch::Receiver<Arc<PublishedHead>> {
        self.inner.shared.published.subscribe()
    }

    /// The bytes of a tile, or `None` when the published tree has none of that width.
    ///
    /// # Errors
    /// [`Error::Cold`] and [`Error::ObjectDamaged`].
    pub async fn tile(&self, coordinate: TileCoordinate) -> Result<Option<Bytes>, Error> {
        self.inner.shared.tile(coordinate).await
    }

    /// The bytes of a bundle, or `None` when the published log has none of that width.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn bundle(&self, coordinate: EntryBundleCoordinate) -> Result<Option<Bytes>, Error> {
        self.inner.shared.bundle(coordinate).await
    }

    /// What the log holds for an index, or `None` beyond the published size.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn entry(&self, leaf_index: LeafIndex) -> Result<Option<RecordedEntry>, Error> {
        self.inner.shared.entry(leaf_index.value()).await
    }

    /// What the log holds from an index on: as many entries as asked for, or as one bundle has; none beyond the published
    /// size.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn entries(&self, first: LeafIndex, limit: u64) -> Result<Vec<RecordedEntry>, Error> {
        self.inner.shared.entries(first.value(), limit).await
    }

    /// The proof that a leaf stands in the tree of some size up to the published one.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], and as for [`Log::tile`].
    pub async fn inclusion_proof(
        &self,
        leaf_index: LeafIndex,
        tree_size: u64,
    ) -> Result<InclusionProof, Error> {
        self.inner
            .shared
            .inclusion_proof(leaf_index, tree_size)
            .await
    }

    /// The proof that the tree of one size is the beginning of that of another, both up to the published one.
    ///
    /// # Errors
    /// As for [`Log::inclusion_proof`].
    pub async fn consistency_proof(
        &self,
        first_size: u64,
        second_size: u64,
    ) -> Result<ConsistencyProof, Error> {
        self.inner
            .shared
            .consistency_proof(first_size, second_size)
            .await
    }

    /// The root of the tree of some size up to the published one.
    ///
    /// # Errors
    /// As for [`Log::inclusion_proof`].
    pub async fn root(&self, tree_size: u64) -> Result<RootHash, Error> {
        self.inner.shared.root_at(tree_size).await
    }

    /// Reads the whole log from its first bundle and tile and checks all of it against the published checkpoint.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] naming the first thing that does not fit, and as for [`Log::tile`].
    pub async fn audit(&self) -> Result<Audited, Error> {
        audit::audit(&self.inner.shared, &*self.inner.head_signer).await
    }

    /// How the log is doing.
    pub fn health(&self) -> Health {
        let shared = &self.inner.shared;
        let published = shared.published();
        Health {
            read_only: shared.queue.closed(),
            size: published.head.size,
            published_millis: published.time_millis,
            waiting: shared.queue.len(),
            bundles_in_cold: shared.flushed.load(Ordering::Acquire),
            anchored_size: shared.anchored.load(Ordering::Acquire),
            cosigned_size: shared.cosigned.load(Ordering::Acquire),
        }
    }

    /// Takes no more entries, finishes those that wait, leaves the anchor exact, and stops thread and tasks.
    ///
    /// Reads go on for as long as a handle lives.
    pub async fn shutdown(&self) {
        let running = lock(&self.inner.running).take();
        self.inner.shared.queue.close(&SHUTTING_DOWN.into());
        let Some(Running { engine, tasks }) = running else {
            return;
        };
        // Both ends have told already what went wrong, if anything did.
        let _ = tokio::task::spawn_blocking(move || engine.join()).await;
        self.inner.stopping.send_replace(true);
        for task in tasks {
            let _ = task.await;
        }
    }

    async fn duplicate(&self, duplicate: Duplicate) -> Result<Included, Error> {
        let Duplicate { placed, entry } = duplicate;
        let checkpoint = self.published();
        let leaf_index = LeafIndex::new(placed.index);
        let proof = self
            .inclusion_proof(leaf_index, checkpoint.head.size)
            .await?;
        self.verified(Included {
            leaf_index,
            time_millis: placed.time_millis,
            proof,
            checkpoint,
            is_duplicate: true,
            entry,
        })
    }

    /// Nothing is answered that the client could not verify; done here, on the caller's own task.
    fn verified(&self, included: Included) -> Result<Included, Error> {
        let leaf = self
            .inner
            .shared
            .format
            .read(&included.entry.bundle)
            .map_err(|error| inconsistent(&error))?;
        let root = &included.checkpoint.head.root;
        included
            .proof
            .verify(&leaf.leaf_hash, root)
            .map_err(|error| inconsistent(&error))?;
        Ok(included)
    }
}

/// A stored entry that is submitted again.
struct Duplicate {
    placed: Placed,
    entry: RecordedEntry,
}

impl Shared {
    fn find_known(&self, key: &[u8; 32]) -> Option<u64> {
        self.known.find_if_possible(&self.name, key)
    }

    /// The stored entry, if the submitted one, sealed as it was, is the same.
    fn as_duplicate(
        &self,
        submitted: &dyn PendingEntry,
        index: u64,
        entry: RecordedEntry,
    ) -> Option<Duplicate> {
        let time_millis = self.sealed_at(&entry);
        let sealed = submitted.seal(LeafIndex::new(index), time_millis).ok()?;
        let placed = Placed { index, time_millis };
        (sealed.bundle == entry.bundle).then_some(Duplicate { placed, entry })
    }

    /// What waits for cold storage is held in memory, so there is a limit.
    fn refuse_when_cold_storage_lags(&self) -> Result<(), Error> {
        let behind =
            (self.size() / crate::edge::WIDTH).saturating_sub(self.flushed.load(Ordering::Acquire));
        if behind > BUNDLES_IN_MEMORY {
            Err(Error::Overloaded {
                retry_after: RETRY_AFTER,
            })
        } else {
            Ok(())
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.close(&SHUTTING_DOWN.into());
        self.stopping.send_replace(true);
    }
}

fn inconsistent(why: &dyn std::error::Error) -> Error {
    Error::Inconsistent {
        why: format!("an answer does not verify: {why}"),
    }
}

const SHUTTING_DOWN: &str = "the log is shutting down";

/// A few seconds of a busy log; about 25 MiB of entries of common size.
const BUNDLES_IN_MEMORY: u64 = 64;
