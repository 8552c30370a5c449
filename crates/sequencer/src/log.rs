use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use sigstead_cold::ColdStorage;
use sigstead_index::Index;
use sigstead_journal::Journal;
use sigstead_merkle::{ConsistencyProof, InclusionProof, LeafHash, LeafIndex, RootHash};
use sigstead_tiles::{EntryBundleCoordinate, TileCoordinate};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::add::{Announced, Included};
use crate::audit::{self, Audited};
use crate::bundle_reader::BundleReader;
use crate::config::LogConfig;
use crate::follower::covers;
use crate::keeper;
use crate::pause_reason::PauseReason;
use crate::recovery::{self, Recovered};
use crate::shared::{Shared, lock};
use crate::{
    Anchor, Cosigning, Error, HeadSigner, LeafFormat, PendingEntry, PublishedHead, RecordedEntry,
};

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
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    head_signer: Arc<dyn HeadSigner>,
    stopping: watch::Sender<bool>,
    running: Mutex<Option<Running>>,
}

struct Running {
    engine: thread::JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// How a log is doing.
#[derive(Debug, Clone)]
pub struct Health {
    /// Why the log takes no entries until it is opened again, when it does not.
    pub read_only: Option<Arc<str>>,
    /// Why it takes none for now, until something outside of it changes: room, the key, the clock, witnesses.
    pub hindered: Option<Arc<str>>,
    /// Why the operator wants it to take none, if he does. A log that has ended is not paused.
    pub paused: Option<Arc<str>>,
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

impl Health {
    /// Why the log takes no entries, for now or for good.
    pub fn takes_none_because(&self) -> Option<&str> {
        let reasons = [&self.read_only, &self.paused, &self.hindered];
        let reason = reasons.into_iter().flatten().next();
        reason.map(|reason| &**reason)
    }
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
    /// Dropping the future before its round starts withdraws the entry.
    ///
    /// # Errors
    /// [`Error::Overloaded`], [`Error::ColdLags`], [`Error::NoRoom`], [`Error::Exhausted`], [`Error::ClockBehind`] and
    /// [`Error::SigningFailed`] may pass with time, [`Error::Paused`] when the operator wants; [`Error::ReadOnly`] does not; [`Error::EntryUnfit`] is the entry's own.
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

    /// Takes no entries until [`Log::resume`], also after a restart. Those that wait already are logged; reads and signed
    /// heads go on. Pausing it again changes the reason. It is durable before this returns.
    ///
    /// # Errors
    /// [`Error::Frozen`], and [`Error::PauseMark`]: then nothing has changed, or only what the next start finds.
    pub async fn pause(&self, reason: &PauseReason) -> Result<(), Error> {
        self.change_pause(Some(reason.text())).await
    }

    /// Takes entries again after [`Log::pause`]; it is durable before this returns. A log that is not paused stays as it
    /// is.
    ///
    /// # Errors
    /// As for [`Log::pause`].
    pub async fn resume(&self) -> Result<(), Error> {
        self.change_pause(None).await
    }

    async fn change_pause(&self, reason: Option<Arc<str>>) -> Result<(), Error> {
        if self.is_frozen() {
            return Err(Error::Frozen);
        }
        let shared = Arc::clone(&self.inner.shared);
        // It goes on when the caller is gone, and waits for the disk.
        let changing = tokio::task::spawn_blocking(move || {
            let Shared { pause, queue, .. } = &*shared;
            pause.change(reason, |reason| queue.pause(reason))
        });
        let stopped = |error| Error::Thread(std::io::Error::other(error));
        changing.await.map_err(stopped)?
    }

    /// Whether the log has ended.
    pub fn is_frozen(&self) -> bool {
        self.inner.shared.queue.is_frozen()
    }

    /// Where an entry stands by its deduplication key.
    ///
    /// # Errors
    /// [`Error::Index`], and [`Error::IndexBehind`] when it is not found but may be there.
    pub fn find(&self, key: &[u8; 32]) -> Result<Option<LeafIndex>, Error> {
        let shared = &self.inner.shared;
        let size = shared.size();
        let found = shared.known.find(key)?;
        if found.is_none() {
            covers(shared.known.index().covered(), size)?;
        }
        Ok(found.map(LeafIndex::new))
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
        BundleReader::whole(&self.inner.shared, coordinate).await
    }

    /// The same, to be read in pieces.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn read_bundle(
        &self,
        coordinate: EntryBundleCoordinate,
    ) -> Result<Option<BundleReader>, Error> {
        BundleReader::open(&self.inner.shared, coordinate).await
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
        self.entries_within(first, limit, u64::MAX).await
    }

    /// The same up to the first entry that makes them `most_bytes` bytes or more, so that an answer has a bound.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn entries_within(
        &self,
        first: LeafIndex,
        limit: u64,
        most_bytes: u64,
    ) -> Result<Vec<RecordedEntry>, Error> {
        let shared = &self.inner.shared;
        shared.entries(first.value(), limit, most_bytes).await
    }

    /// The hash of a leaf, or `None` beyond the published size. It costs less than the entry.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn leaf_hash(&self, leaf_index: LeafIndex) -> Result<Option<LeafHash>, Error> {
        self.inner.shared.leaf_hash(leaf_index.value()).await
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

    /// Compares cold storage with what the journal has too: a log that goes on stops where they differ.
    ///
    /// # Errors
    /// [`Error::Cold`] naming the first object that differs.
    pub async fn compare_held(&self) -> Result<(), Error> {
        keeper::compare_held(&self.inner.shared).await
    }

    /// How the log is doing.
    pub fn health(&self) -> Health {
        let shared = &self.inner.shared;
        let published = shared.published();
        Health {
            read_only: shared.queue.closed(),
            hindered: shared.hindered(),
            paused: shared.pause.reason().filter(|_| !self.is_frozen()),
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
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.close(&SHUTTING_DOWN.into());
        self.stopping.send_replace(true);
    }
}

const SHUTTING_DOWN: &str = "the log is shutting down";
