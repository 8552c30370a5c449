use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::backlog::Backlog;
use crate::config::LogConfig;
use crate::error::Error;
use crate::head::anchor::Anchored;
use crate::head::published::PublishedHead;
use crate::hindrance::Hindrance;
use crate::known::Known;
use crate::pause::Pause;
use crate::queue::Queue;
use crate::tree::Tree;
use crate::tree::edge::WIDTH;

/// What the log's thread, its keepers and its handles share, and who writes which of it.
pub(crate) struct State {
    pub(crate) name: String,
    /// The thread extends the edge and takes back what was not committed; the keeper of cold storage lets go of what is full.
    pub(crate) tree: Arc<Tree>,
    /// The thread writes it, and recovery before there is a thread. All others follow it.
    published: watch::Sender<Arc<PublishedHead>>,
    /// The thread writes it. How many bundles of the published log are full; few follow each head, more follow these.
    full_bundles: watch::Sender<u64>,
    /// The thread writes it, once. Whether entries may be answered with the published head.
    answers: watch::Sender<bool>,
    /// Handles push, the thread takes; whatever ends the log closes it.
    pub(crate) queue: Queue,
    /// Handles write it, for the operator.
    pub(crate) pause: Pause,
    /// The thread writes it. Why no round is committed or answered for now.
    pub(crate) hindrance: Hindrance,
    /// The keeper of cold storage writes it, and the thread how much is held.
    pub(crate) backlog: Backlog,
    /// The thread writes what it commits, recovery and the keeper of the index write what is missing.
    pub(crate) known: Known,
    /// The thread writes it. Up to which size a quorum of witnesses has cosigned the log since it was opened.
    cosigned: AtomicU64,
    /// The keeper of the anchor writes it. Up to which size the anchor knows the log.
    anchored: AtomicU64,
}

/// What a log has found of itself at its start.
pub(crate) struct Found {
    pub(crate) tree: Tree,
    /// Up to which size everything is in cold storage.
    pub(crate) base: u64,
    pub(crate) head: PublishedHead,
    pub(crate) known: Known,
    pub(crate) anchored: Option<Anchored>,
}

impl State {
    /// That of a log as it was found. `answers` tells whether entries may be answered with the head that it has.
    ///
    /// # Errors
    /// [`Error::PauseMark`].
    pub(crate) fn new(config: &LogConfig, found: Found, answers: bool) -> Result<Self, Error> {
        let pause = Pause::open(config.pause_mark.clone())?;
        let queue = Queue::new(config.queue_limit, config.max_round_entries);
        queue.pause(pause.reason());
        let anchored = found.anchored.map_or(0, |anchored| anchored.head.size);
        let backlog = Backlog::new(found.base / WIDTH, &found.tree.edge());
        Ok(Self {
            name: config.name.clone(),
            tree: Arc::new(found.tree),
            full_bundles: watch::Sender::new(found.head.head.size / WIDTH),
            published: watch::Sender::new(Arc::new(found.head)),
            answers: watch::Sender::new(answers),
            queue,
            pause,
            hindrance: Hindrance::default(),
            backlog,
            known: found.known,
            cosigned: AtomicU64::new(0),
            anchored: AtomicU64::new(anchored),
        })
    }

    pub(crate) fn published(&self) -> Arc<PublishedHead> {
        Arc::clone(&self.published.borrow())
    }

    pub(crate) fn size(&self) -> u64 {
        self.published.borrow().head.size
    }

    /// Follows the published head.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<PublishedHead>> {
        self.published.subscribe()
    }

    /// Follows the number of full bundles.
    pub(crate) fn subscribe_to_full(&self) -> watch::Receiver<u64> {
        self.full_bundles.subscribe()
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

    /// Lets entries be answered with the published head from now on.
    pub(crate) fn begin_to_answer(&self) {
        self.answers.send_replace(true);
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

    /// The refusal of a log that was stopped.
    pub(crate) fn read_only(&self) -> Error {
        let reason = self.queue.closed();
        Error::ReadOnly {
            reason: reason.unwrap_or_else(|| "the log was stopped".into()),
        }
    }

    /// Why entries are refused for now.
    pub(crate) fn hindered(&self) -> Option<Arc<str>> {
        let reason = self.hindrance.reason();
        reason.or_else(|| self.backlog.hinders(self.size()))
    }

    /// Notes that a quorum has cosigned the log up to a size.
    pub(crate) fn note_cosigned(&self, size: u64) {
        self.cosigned.fetch_max(size, Ordering::AcqRel);
    }

    pub(crate) fn cosigned(&self) -> u64 {
        self.cosigned.load(Ordering::Acquire)
    }

    /// Notes what the anchor knows.
    pub(crate) fn note_anchored(&self, anchored: &Anchored) {
        self.anchored.store(anchored.head.size, Ordering::Release);
    }

    pub(crate) fn anchored(&self) -> u64 {
        self.anchored.load(Ordering::Acquire)
    }
}
