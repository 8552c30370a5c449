use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use sigstead_cold::ColdStorage;
use sigstead_index::Index;
use sigstead_merkle::TreeHead;
use tokio::sync::watch;

use crate::cold_tree::TileCache;
use crate::config::LogConfig;
use crate::edge::{Edge, WIDTH};
use crate::hindrance::Hindrance;
use crate::known::Known;
use crate::pause::Pause;
use crate::queue::Queue;
use crate::{Anchored, Error, LeafFormat};

/// A head that the log has published: durable, signed, and visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedHead {
    /// Size and root.
    pub head: TreeHead,
    /// When its round was sequenced, in milliseconds since the epoch.
    pub time_millis: u64,
    /// The signed note over it, as clients fetch it.
    pub note: Bytes,
}

/// What the log's thread, its tasks and its handles have in common.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) format: Arc<dyn LeafFormat>,
    pub(crate) has_sides: bool,
    pub(crate) cold: Arc<dyn ColdStorage>,
    pub(crate) edge: RwLock<Edge>,
    pub(crate) published: watch::Sender<Arc<PublishedHead>>,
    /// How many bundles of the published log are full; few follow each head, more follow these.
    pub(crate) full_bundles: watch::Sender<u64>,
    /// Whether entries may be answered with the published head.
    pub(crate) answers: watch::Sender<bool>,
    /// Up to which size a quorum of witnesses has cosigned the log since it was opened.
    pub(crate) cosigned: AtomicU64,
    pub(crate) queue: Queue,
    pub(crate) pause: Pause,
    /// Why no round is committed or answered for now.
    pub(crate) hindrance: Hindrance,
    /// Why cold storage takes nothing for now.
    pub(crate) cold_hindrance: Hindrance,
    pub(crate) known: Known,
    pub(crate) tiles: Mutex<TileCache>,
    /// How many bundles are in cold storage.
    pub(crate) flushed: AtomicU64,
    /// How many bytes of entries are in memory.
    pub(crate) held_bytes: AtomicU64,
    /// Up to which size the anchor knows the log.
    pub(crate) anchored: AtomicU64,
}

/// What a log has found of itself.
pub(crate) struct Stored {
    pub(crate) edge: Edge,
    /// Up to which size everything is in cold storage.
    pub(crate) base: u64,
    pub(crate) head: PublishedHead,
    pub(crate) anchored: Option<Anchored>,
}

impl Shared {
    pub(crate) fn new(
        config: &LogConfig,
        stored: Stored,
        format: Arc<dyn LeafFormat>,
        cold: Arc<dyn ColdStorage>,
        known: Arc<Index>,
        must_wait: bool,
    ) -> Result<Self, Error> {
        let pause = Pause::open(config.pause_mark.clone())?;
        let queue = Queue::new(config.queue_limit, config.max_round_entries);
        queue.pause(pause.reason());
        let anchored = stored.anchored.map_or(0, |anchored| anchored.head.size);
        let held_bytes = stored.edge.entry_bytes();
        Ok(Self {
            name: config.name.clone(),
            format,
            has_sides: config.has_sides,
            cold,
            edge: RwLock::new(stored.edge),
            full_bundles: watch::Sender::new(stored.head.head.size / WIDTH),
            published: watch::Sender::new(Arc::new(stored.head)),
            answers: watch::Sender::new(!must_wait),
            cosigned: AtomicU64::new(0),
            queue,
            pause,
            hindrance: Hindrance::default(),
            cold_hindrance: Hindrance::default(),
            known: Known::new(known),
            tiles: Mutex::default(),
            flushed: AtomicU64::new(stored.base / WIDTH),
            held_bytes: AtomicU64::new(held_bytes),
            anchored: AtomicU64::new(anchored),
        })
    }

    pub(crate) fn published(&self) -> Arc<PublishedHead> {
        Arc::clone(&self.published.borrow())
    }

    pub(crate) fn size(&self) -> u64 {
        self.published.borrow().head.size
    }

    /// Shows a head to the readers, and to those who wait for full bundles if there are new ones.
    pub(crate) fn publish(&self, published: PublishedHead) {
        let full = published.head.size / WIDTH;
        self.published.send_replace(Arc::new(published));
        self.full_bundles.send_if_modified(|before| {
            let is_more = *before != full;
            *before = full;
            is_more
        });
    }

    /// Notes how much memory the edge takes by now.
    pub(crate) fn hold(&self, edge: &Edge) {
        self.held_bytes.store(edge.entry_bytes(), Ordering::Release);
    }

    /// Waits for the moment between the commit of an entry and its visibility.
    pub(crate) async fn wait_until_published(&self, index: u64) -> Result<(), Error> {
        let is_stopped = || self.queue.closed().is_some();
        if !*self.answers.borrow() {
            let mut answers = self.answers.subscribe();
            // It fails only when the log is gone, and then nobody waits.
            let _ = answers.wait_for(|answers| *answers || is_stopped()).await;
        }
        if index >= self.size() {
            let mut published = self.published.subscribe();
            let is_there = |published: &Arc<PublishedHead>| published.head.size > index;
            // As above.
            let _ = published
                .wait_for(|published| is_there(published) || is_stopped())
                .await;
        }
        if *self.answers.borrow() && index < self.size() {
            Ok(())
        } else {
            Err(self.read_only())
        }
    }

    /// Stops the taking of entries for as long as this process lives; reads go on.
    pub(crate) fn stop(&self, reason: impl Into<Arc<str>>) {
        let reason = reason.into();
        if self.queue.closed().is_none() {
            tracing::error!(log = self.name, %reason, "the log is read-only from now on");
        }
        self.queue.abandon(&reason);
        // Those who wait for something else than the queue learn it too.
        self.published.send_modify(|_| {});
        self.answers.send_modify(|_| {});
    }

    pub(crate) fn read_only(&self) -> Error {
        let reason = self.queue.closed();
        Error::ReadOnly {
            reason: reason.unwrap_or_else(|| "the log was stopped".into()),
        }
    }

    pub(crate) fn edge(&self) -> RwLockReadGuard<'_, Edge> {
        self.edge.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn edge_mut(&self) -> RwLockWriteGuard<'_, Edge> {
        self.edge.write().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
