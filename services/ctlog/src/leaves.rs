//! Where leaves stand by their hashes, for readers who know nothing else of them (RFC 6962 §4.5).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use index::{Index, Key};
use merkle::{LeafHash, LeafIndex};
use sequencer::{LeafFormat as _, Log};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::leaf::TileLeaves;
use crate::log::open_index;

/// An index that follows the log; what is lost of it is made again.
pub(crate) struct Leaves {
    index: Arc<Index>,
}

impl Leaves {
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let index = Arc::new(open_index(directory)?);
        Ok(Self { index })
    }

    pub(crate) async fn find(&self, leaf_hash: &LeafHash) -> Result<Option<u64>, Error> {
        let (index, key) = (Arc::clone(&self.index), Key::new(*leaf_hash.as_bytes()));
        // It may read from disk.
        let found = tokio::task::spawn_blocking(move || index.first(&key)).await;
        Ok(found
            .map_err(Error::Task)?
            .map_err(sequencer::Error::Index)?)
    }

    /// Follows the log until it is told to stop.
    pub(crate) async fn follow(&self, log: &Log, stop: &CancellationToken) {
        let mut published = log.subscribe();
        while !stop.is_cancelled() {
            published.borrow_and_update();
            let rest = match self.catch_up(log, stop).await {
                Ok(()) => None,
                Err(error) => {
                    tracing::warn!(
                        detail = kit::causes(&error),
                        "the index of leaves lags behind"
                    );
                    Some(RETRY)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => {}
                changed = published.changed(), if rest.is_none() => if changed.is_err() { return },
            }
        }
    }

    async fn catch_up(&self, log: &Log, stop: &CancellationToken) -> Result<(), Error> {
        while !stop.is_cancelled() {
            if self.index.is_due() {
                let index = Arc::clone(&self.index);
                let done = tokio::task::spawn_blocking(move || index.maintain()).await;
                done.map_err(Error::Task)?
                    .map_err(sequencer::Error::Index)?;
            }
            let first = self.index.covered();
            let entries = log.entries(LeafIndex::new(first), STEP).await?;
            if entries.is_empty() {
                return Ok(());
            }
            let mut postings = Vec::with_capacity(entries.len());
            for (position, entry) in (first..).zip(&entries) {
                if let Ok(leaf) = TileLeaves.read(&entry.bundle) {
                    postings.push((Key::new(*leaf.leaf_hash.as_bytes()), position));
                }
            }
            let covered = first..first + entries.len() as u64;
            let extended = self.index.extend(covered, &postings);
            extended.map_err(sequencer::Error::Index)?;
        }
        Ok(())
    }
}

const STEP: u64 = 256;
const RETRY: Duration = Duration::from_secs(5);
