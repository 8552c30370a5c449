use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use sigstead_merkle::{ConsistencyProof, InclusionProof, LeafHash, LeafIndex, RootHash};
use sigstead_tiles::{EntryBundleCoordinate, TileCoordinate};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::add::Announced;
use crate::bundle_reader::BundleReader;
use crate::config::LogConfig;
use crate::entry::{PendingEntry, RecordedEntry};
use crate::error::Error;
use crate::head::published::PublishedHead;
use crate::health::Health;
use crate::included::Included;
use crate::keeper;
use crate::keeper::cold::Flusher;
use crate::lock::lock;
use crate::parts::LogParts;
use crate::pause_reason::PauseReason;
use crate::recovery::{self, Recovered};
use crate::state::State;
use crate::tree::TreeAt;

/// One log; clones are handles of the same.
///
/// When the last handle is dropped the log's thread finishes what waits and ends; [`Log::shutdown`] waits for that and
/// leaves the anchor exact.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    state: Arc<State>,
    flusher: Arc<Flusher>,
    stopping: watch::Sender<bool>,
    running: Mutex<Option<Running>>,
}

struct Running {
    engine: thread::JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Log {
    /// Opens a log, and starts its thread and tasks. One of which nothing is stored begins if its anchor says that there was
    /// never anything ([`Anchored::beginning`](crate::Anchored::beginning)).
    ///
    /// A log whose store contradicts its anchor, or that has none, is opened for reading only; [`Log::health`] tells why.
    ///
    /// # Errors
    /// When the stored log cannot be read or contradicts itself: it is not opened then, because any answer would be a
    /// guess.
    pub async fn open(config: LogConfig, parts: LogParts) -> Result<Self, Error> {
        let (storage, kind) = (Arc::clone(&parts.cold), parts.leaf_format.bundle_kind());
        let Recovered { state, writer } = recovery::recover(config, parts).await?;
        let flusher = Arc::new(Flusher::new(Arc::clone(&state), storage, kind));
        let (stopping, stopped) = watch::channel(false);
        let running = match writer {
            Some((engine, anchor)) => {
                let thread = thread::Builder::new().name("sequencer".to_owned());
                let engine = thread.spawn(move || engine.run()).map_err(Error::Thread)?;
                let tasks = keeper::start(&state, Arc::clone(&flusher), anchor, stopped);
                Some(Running { engine, tasks })
            }
            None => None,
        };
        let inner = Inner {
            state,
            flusher,
            stopping,
            running: Mutex::new(running),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The name of the log in messages.
    pub(crate) fn name(&self) -> &str {
        &self.inner.state.name
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
        Announced::new(&self.inner.state)
    }

    /// Ends the log: finishes what waits, and publishes a last head that says so. It stays readable and takes no entry
    /// again, also after a restart. Ending it again answers the same head.
    ///
    /// # Errors
    /// [`Error::SigningFailed`] for logs whose heads cannot say that they are the last, and as for [`Log::add`].
    pub async fn freeze(&self) -> Result<Arc<PublishedHead>, Error> {
        let state = &self.inner.state;
        let (ending, ended) = oneshot::channel();
        match state.queue.end(ending) {
            Err(Error::Frozen) => return Ok(state.published()),
            asked => asked?,
        }
        ended.await.map_err(|_| state.read_only())?
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
        let state = Arc::clone(&self.inner.state);
        // It goes on when the caller is gone, and waits for the disk.
        let changing = tokio::task::spawn_blocking(move || {
            let State { pause, queue, .. } = &*state;
            pause.change(reason, |reason| queue.pause(reason))
        });
        let stopped = |error| Error::Thread(std::io::Error::other(error));
        changing.await.map_err(stopped)?
    }

    /// Whether the log has ended.
    pub fn is_frozen(&self) -> bool {
        self.inner.state.queue.is_frozen()
    }

    /// Where an entry is by its deduplication key.
    ///
    /// # Errors
    /// [`Error::Index`], and [`Error::IndexBehind`] when it is not found but may be there.
    pub fn find(&self, key: &[u8; 32]) -> Result<Option<LeafIndex>, Error> {
        let state = &self.inner.state;
        let size = state.size();
        let found = state.known.find(key)?;
        if found.is_none() {
            state.known.covers(size)?;
        }
        Ok(found.map(LeafIndex::new))
    }

    /// The head that is published now.
    pub fn published(&self) -> Arc<PublishedHead> {
        self.inner.state.published()
    }

    /// Follows the published head.
    pub fn subscribe(&self) -> watch::Receiver<Arc<PublishedHead>> {
        self.inner.state.subscribe()
    }

    /// The bytes of a tile, or `None` when the published tree has none of that width.
    ///
    /// # Errors
    /// [`Error::Cold`] and [`Error::ObjectDamaged`].
    pub async fn tile(&self, coordinate: TileCoordinate) -> Result<Option<Bytes>, Error> {
        self.tree().tile(coordinate).await
    }

    /// The bytes of a bundle, or `None` when the published log has none of that width.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn bundle(&self, coordinate: EntryBundleCoordinate) -> Result<Option<Bytes>, Error> {
        BundleReader::whole(&self.inner.state.tree, self.size(), coordinate).await
    }

    /// The same, to be read in pieces.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn read_bundle(
        &self,
        coordinate: EntryBundleCoordinate,
    ) -> Result<Option<BundleReader>, Error> {
        BundleReader::open(&self.inner.state.tree, self.size(), coordinate).await
    }

    /// What the log holds for an index, or `None` beyond the published size.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn entry(&self, leaf_index: LeafIndex) -> Result<Option<RecordedEntry>, Error> {
        self.tree().entry(leaf_index.value()).await
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
        self.tree().entries(first.value(), limit, most_bytes).await
    }

    /// The hash of a leaf, or `None` beyond the published size. It costs less than the entry.
    ///
    /// # Errors
    /// As for [`Log::tile`].
    pub async fn leaf_hash(&self, leaf_index: LeafIndex) -> Result<Option<LeafHash>, Error> {
        self.tree().leaf_hash(leaf_index.value()).await
    }

    /// The proof that a leaf is in the tree of some size up to the published one.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], and as for [`Log::tile`].
    pub async fn inclusion_proof(
        &self,
        leaf_index: LeafIndex,
        tree_size: u64,
    ) -> Result<InclusionProof, Error> {
        self.tree().inclusion_proof(leaf_index, tree_size).await
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
        self.tree().consistency_proof(first_size, second_size).await
    }

    /// The root of the tree of some size up to the published one.
    ///
    /// # Errors
    /// As for [`Log::inclusion_proof`].
    pub async fn root(&self, tree_size: u64) -> Result<RootHash, Error> {
        self.tree().root(tree_size).await
    }

    /// Compares cold storage with what the journal has too: a log that goes on stops where they differ.
    ///
    /// # Errors
    /// [`Error::Cold`] naming the first object that differs.
    pub async fn compare_held(&self) -> Result<(), Error> {
        self.inner.flusher.compare_held().await
    }

    /// The published tree.
    fn tree(&self) -> TreeAt<'_> {
        self.inner.state.tree.at(self.size())
    }

    fn size(&self) -> u64 {
        self.inner.state.size()
    }

    /// How the log is doing.
    pub fn health(&self) -> Health {
        let state = &self.inner.state;
        let published = state.published();
        Health {
            read_only: state.queue.closed(),
            hindered: state.hindered(),
            paused: state.pause.reason().filter(|_| !self.is_frozen()),
            size: published.head.size,
            published_millis: published.time_millis,
            waiting: state.queue.len(),
            bundles_in_cold: state.backlog.flushed(),
            anchored_size: state.anchored(),
            cosigned_size: state.cosigned(),
        }
    }

    /// Takes no more entries, finishes those that wait, leaves the anchor exact, and stops thread and tasks.
    ///
    /// Reads go on for as long as a handle lives.
    pub async fn shutdown(&self) {
        let running = lock(&self.inner.running).take();
        self.inner.state.queue.close(&SHUTTING_DOWN.into());
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
        self.state.queue.close(&SHUTTING_DOWN.into());
        self.stopping.send_replace(true);
    }
}

const SHUTTING_DOWN: &str = "the log is shutting down";
