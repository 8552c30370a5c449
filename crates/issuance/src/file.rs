//! The record in files: a directory of segments, the last of which is appended to.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use sigstead_kit::Clock;
use tokio::sync::oneshot;

use crate::IssuanceRecord;
use crate::config::RecordConfig;
use crate::error::Error;
use crate::health::Health;
use crate::issuance::Issuance;
use crate::query::{Page, Query};
use crate::queue::Queue;

mod retention;
mod scan;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use scan::read_page;

use scan::Open;
use writer::{Entry, Sync, Writer};

/// A record in a directory that one process writes. What happens at the same time shares one sync.
pub struct FileRecord {
    path: PathBuf,
    /// An issuance that is in it is not forgotten at a clean stop.
    queue: Queue<Entry>,
    open: Arc<Mutex<Open>>,
    health: Arc<Health>,
}

impl FileRecord {
    /// Opens the record of a directory, and makes the directory when it is not there. What an earlier process left open is
    /// recorded as interrupted. A record that takes nothing now, because its last files are damaged or the disk is full,
    /// opens too, and says so when it is checked; it is tried again until it does.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process has it open, [`Error::Read`] if there can be no record in this place.
    pub fn open(config: &RecordConfig, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let path = config.path.clone();
        sigstead_durable::create_private_directory(&path)
            .map_err(Error::read("make the directory", &path))?;
        let lock = lock(&path)?;
        let open = Arc::new(Mutex::new(Open::default()));
        let health = Arc::new(Health::default());
        let mut writer = Writer::new(config, clock, Arc::clone(&open), Arc::clone(&health), lock);
        // Before anybody asks, so that the first answer is true.
        writer.attempt(Vec::new(), Sync::Now);
        let queue = Queue::start("issuance record", move |entries| writer.run(&entries))
            .map_err(Error::read("start the writer of", &path))?;
        Ok(Self {
            path,
            queue,
            open,
            health,
        })
    }
}

#[async_trait]
impl IssuanceRecord for FileRecord {
    fn append(&self, issuance: &Issuance) -> BoxFuture<'static, Result<(), Error>> {
        let (done, durable) = oneshot::channel();
        let entry = Entry {
            issuance: issuance.clone(),
            done: Some(done),
        };
        let queued = self.queue.push(entry);
        async move {
            queued?;
            durable.await.unwrap_or(Err(Error::Closed))
        }
        .boxed()
    }

    fn note(&self, issuance: &Issuance) {
        let entry = Entry {
            issuance: issuance.clone(),
            done: None,
        };
        if let Err(refused) = self.queue.push(entry) {
            tracing::warn!(?refused, "a state of an issuance was not recorded");
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.health.check().map_err(|failure| failure.error())
    }

    async fn page(&self, query: &Query) -> Result<Page, Error> {
        let open = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (path, query) = (self.path.clone(), query.clone());
        let read = tokio::task::spawn_blocking(move || scan::page(&path, &query, &open));
        read.await.unwrap_or(Err(Error::Closed))
    }
}

fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join("lock");
    let opened = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::read("open", &path))?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse {
            path: directory.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::read("lock", &path)(error)),
    }
}
