use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::budget::Queue;

/// Where the requests for large answers of one connection, or of one peer, wait for their turn.
#[derive(Debug)]
pub(crate) struct Line {
    places: Arc<Semaphore>,
    files: Arc<Semaphore>,
    searches: Arc<Semaphore>,
}

impl Line {
    pub(crate) fn of_connection() -> Self {
        Self::new(PLACES_OF_CONNECTION, 1, 1)
    }

    /// One less than there are turns in all, so that others have theirs whatever this peer asks for.
    pub(crate) fn of_peer() -> Self {
        Self::new(PLACES_OF_PEER, ALL_FILES - 1, ALL_SEARCHES - 1)
    }

    fn new(places: usize, files: usize, searches: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            files: Arc::new(Semaphore::new(files)),
            searches: Arc::new(Semaphore::new(searches)),
        }
    }

    /// A place to wait, if there is one.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    pub(crate) async fn turn(&self, queue: Queue) -> Option<OwnedSemaphorePermit> {
        let turns = match queue {
            Queue::Files => &self.files,
            Queue::Searches => &self.searches,
        };
        // It is never closed, so an error does not occur.
        Arc::clone(turns).acquire_owned().await.ok()
    }
}

/// How many large answers of each queue are made at once. Each may take twice its size while it is put together, beside what
/// the pool of answers counts.
pub(crate) const ALL_FILES: usize = 4;
pub(crate) const ALL_SEARCHES: usize = 3;
/// More than a reader that reads ahead asks for at once.
const PLACES_OF_CONNECTION: usize = 32;
/// A proxy asks for many readers.
const PLACES_OF_PEER: usize = 256;
