use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use sigstead_checkpoint::Origin;
use sigstead_sequencer::Log;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::error::Error;

mod find;
mod generation;
mod keys;
#[cfg(test)]
mod tests;

use generation::Generation;

/// Finds the entries of a log by what stands in them.
///
/// A follower feeds it from what the log has published. It holds nothing that the log's files do not, so it may be lost
/// or made anew at any time.
pub(crate) struct SearchIndex {
    directory: PathBuf,
    origin: Origin,
    generation: ArcSwap<Generation>,
    rebuild: Notify,
}

impl SearchIndex {
    pub(crate) async fn open(directory: PathBuf, origin: Origin) -> Result<Self, Error> {
        blocking(move || {
            let generation = Generation::open_current(&directory, &origin)?;
            Ok(Self {
                directory,
                origin,
                generation: ArcSwap::from_pointee(generation),
                rebuild: Notify::new(),
            })
        })
        .await
    }

    /// How many entries it covers.
    pub(crate) fn covered(&self) -> u64 {
        self.generation.load().follower.covered()
    }

    /// Has the index made anew; the old one answers until the new one is complete.
    pub(crate) fn rebuild(&self) {
        self.rebuild.notify_one();
    }

    /// Follows a log until it is told to stop.
    pub(crate) async fn follow(&self, log: Log, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let generation = self.generation.load_full();
            tokio::select! {
                () = generation.follower.follow(&log, stop.cancelled()) => {}
                () = self.renew(&log) => {}
            }
        }
    }

    /// Makes the index anew once that is asked for, whatever has become of the one that answers.
    async fn renew(&self, log: &Log) {
        self.rebuild.notified().await;
        let mut next = None;
        while let Err(error) = self.make(log, &mut next).await {
            let (origin, detail) = (&self.origin, sigstead_kit::causes(&error));
            tracing::warn!(%origin, detail, "the search index is not made anew yet");
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = self.rebuild.notified() => next = None,
            }
        }
    }

    /// Makes the next generation, or goes on with it, and has it answer.
    async fn make(&self, log: &Log, next: &mut Option<Arc<Generation>>) -> Result<(), Error> {
        let next = match next {
            Some(begun) => begun,
            None => next.insert(self.begin().await?),
        };
        next.follower.complete(log).await?;
        self.replace(Arc::clone(next)).await
    }

    async fn begin(&self) -> Result<Arc<Generation>, Error> {
        let number = self.generation.load().number + 1;
        let (directory, origin) = (self.directory.clone(), self.origin.clone());
        blocking(move || Generation::begin(&directory, number, &origin).map(Arc::new)).await
    }

    async fn replace(&self, next: Arc<Generation>) -> Result<(), Error> {
        let (directory, number) = (self.directory.clone(), next.number);
        blocking(move || generation::set_current(&directory, number)).await?;
        self.generation.store(next);
        tracing::info!(origin = %self.origin, "the search index is made anew");
        let directory = self.directory.clone();
        if let Err(error) = blocking(move || generation::remove_others(&directory, number)).await {
            let (origin, detail) = (&self.origin, sigstead_kit::causes(&error));
            tracing::warn!(%origin, detail, "the old search index is left until the next start");
        }
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::Task)?
}

const RETRY: Duration = Duration::from_secs(5);
