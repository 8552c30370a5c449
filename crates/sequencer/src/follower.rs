use std::future::{Future, pending};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sigstead_index::{Index, Key};
use sigstead_merkle::LeafIndex;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::entry::RecordedEntry;
use crate::error::Error;
use crate::feed::{Progress, covers, feed};
use crate::log::Log;
use crate::tree::edge::WIDTH;

/// Feeds an [`Index`] with what a log has published.
///
/// The index holds nothing that the log does not. So what is lost of it is fed again, and an index that does not belong
/// to the log, because it is ahead of it, is made again from nothing.
pub struct Follower {
    name: &'static str,
    index: Arc<Index>,
    keys: Box<KeysOf>,
    /// How far it has fed the index, which may have lost some of that since.
    fed: watch::Sender<u64>,
    /// Somebody asks for what is not taken in yet.
    hurry: Notify,
}

type KeysOf = dyn Fn(&RecordedEntry) -> Vec<Key> + Send + Sync;

impl Follower {
    /// Has `index`, which is `name` to its operator, hold each entry under the keys that a function makes of it.
    pub fn new(
        name: &'static str,
        index: Arc<Index>,
        keys: impl Fn(&RecordedEntry) -> Vec<Key> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            fed: watch::Sender::new(index.covered()),
            index,
            keys: Box::new(keys),
            hurry: Notify::new(),
        }
    }

    /// How many entries the index covers.
    pub fn covered(&self) -> u64 {
        self.index.covered()
    }

    /// The positions of a key, in order, at most `limit`, as far as the index covers the log.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub async fn positions(&self, key: Key, limit: usize) -> Result<Vec<u64>, Error> {
        self.look(move |index| index.positions(&key, limit)).await
    }

    /// Those of some positions, which are in order, whose entries have a key.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub async fn positions_among(&self, key: Key, among: Vec<u64>) -> Result<Vec<u64>, Error> {
        self.look(move |index| index.positions_among(&key, &among))
            .await
    }

    async fn look(
        &self,
        look: impl FnOnce(&Index) -> Result<Vec<u64>, sigstead_index::Error> + Send + 'static,
    ) -> Result<Vec<u64>, Error> {
        let index = Arc::clone(&self.index);
        let found = blocking(move || look(&index)).await;
        // What was found to be damaged is thrown away and fed again, also while the log stands still.
        if self.index.is_due() || self.covered() < *self.fed.borrow() {
            self.hurry.notify_one();
        }
        found
    }

    /// Says whether the index covers `size` entries, so that what it did not find is not there. Asked after the search,
    /// because what is damaged may be found by another one meanwhile.
    ///
    /// # Errors
    /// [`Error::IndexBehind`].
    pub fn covers(&self, size: u64) -> Result<(), Error> {
        covers(self.covered(), size)
    }

    /// Waits until the index covers `size` entries, so that the caller who logged one finds it. One that is far behind is not
    /// waited for.
    pub async fn catch_up(&self, size: u64) {
        if self.covered() >= size {
            return;
        }
        let mut fed = self.fed.subscribe();
        self.hurry.notify_one();
        // What it covers by then is what is found.
        let _ = timeout(CATCH_UP, fed.wait_for(|_| self.covered() >= size)).await;
    }

    /// Follows the log until it is told to stop. Several followers of one log do not disturb each other.
    pub async fn follow(&self, log: &Log, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.follow_for_ever(log) => {}
        }
    }

    /// Takes in all that the log has published, and writes it to disk.
    ///
    /// # Errors
    /// [`Error::Index`], and as for [`Log::entries`]. What was taken in before stays.
    pub async fn complete(&self, log: &Log) -> Result<(), Error> {
        self.take_in_all(log).await?;
        self.maintain().await
    }

    async fn follow_for_ever(&self, log: &Log) {
        let mut published = log.subscribe();
        loop {
            published.borrow_and_update();
            if let Err(error) = self.take_in_all(log).await {
                let log = log.name();
                tracing::warn!(log, index = self.name, %error, cause = ?error, "an index lags behind its log");
                sleep(RETRY).await;
                continue;
            }
            tokio::select! {
                changed = published.changed() => match changed {
                    Ok(()) => self.gather().await,
                    // A log whose last handle is gone changes no more.
                    Err(_) => pending().await,
                },
                () = self.hurry.notified() => {}
            }
        }
    }

    /// Waits for more entries, because they cost less together, unless somebody asks.
    async fn gather(&self) {
        tokio::select! {
            () = sleep(GATHER) => {}
            () = self.hurry.notified() => {}
        }
    }

    async fn take_in_all(&self, log: &Log) -> Result<(), Error> {
        while self.take_in(log).await? == Progress::Behind {}
        Ok(())
    }

    /// Takes in the next entries, at most those of one bundle.
    async fn take_in(&self, log: &Log) -> Result<Progress, Error> {
        if self.index.is_due() {
            self.maintain().await?;
        }
        let (first, size) = (self.covered(), log.published().head.size);
        if first > size {
            self.forget(log).await?;
            return Ok(Progress::Behind);
        }
        let entries = log.entries(LeafIndex::new(first), WIDTH).await?;
        let fed = feed(&self.index, first, &entries, size, |entry| {
            (self.keys)(entry)
        });
        self.fed.send_replace(self.covered());
        fed
    }

    /// Entries beyond the log are those of another one, or of what it was before older data were put in its place; so
    /// what comes before them may be as well.
    async fn forget(&self, log: &Log) -> Result<(), Error> {
        let log = log.name();
        tracing::warn!(
            log,
            index = self.name,
            "an index is ahead of its log and is made again"
        );
        let index = Arc::clone(&self.index);
        blocking(move || index.clear()).await
    }

    async fn maintain(&self) -> Result<(), Error> {
        let index = Arc::clone(&self.index);
        blocking(move || index.maintain()).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, sigstead_index::Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| Error::Thread(io::Error::other(error)))?;
    Ok(done?)
}

/// What stays in memory longer is no loss: the entries are in the log.
const GATHER: Duration = Duration::from_millis(50);
const CATCH_UP: Duration = Duration::from_millis(500);
const RETRY: Duration = Duration::from_secs(5);
