//! A bounded queue and the one thread that empties it: a disk that hangs holds this thread and no other.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// What waits for a writer. Dropping it waits until the writer has written what is in it.
pub(crate) struct Queue<E> {
    /// None once it is being dropped.
    sender: Option<SyncSender<E>>,
    thread: Option<JoinHandle<()>>,
}

/// Why an entry was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

impl<E: Send + 'static> Queue<E> {
    /// Starts a thread that runs `write` until the queue is dropped.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(
        name: &str,
        write: impl FnOnce(Receiver<E>) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, entries) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || write(entries))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }
}

impl<E> Queue<E> {
    /// Queues an entry, without waiting.
    pub(crate) fn push(&self, entry: E) -> Result<(), Refused> {
        let sender = self.sender.as_ref().ok_or(Refused::Closed)?;
        sender.try_send(entry).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Full,
            TrySendError::Disconnected(_) => Refused::Closed,
        })
    }
}

impl<E> Drop for Queue<E> {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has told why already.
            let _ = thread.join();
        }
    }
}

/// An entry and those that wait behind it, which share one sync.
pub(crate) fn with_waiting<E>(first: E, entries: &Receiver<E>) -> Vec<E> {
    let waiting = entries.try_iter().take(BATCH - 1);
    std::iter::once(first).chain(waiting).collect()
}

/// Entries that wait for the sync that runs; more than there are requests at a time.
const WAITING: usize = 4096;
/// Entries that share one sync.
const BATCH: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_has_no_room_for_and_loses_nothing_when_it_is_dropped() {
        let (open, opened) = sync_channel::<()>(0);
        let (told, count) = sync_channel(1);
        let queue = Queue::start("test", move |entries: Receiver<usize>| {
            // The disk hangs until the test lets it go on.
            opened.recv().unwrap();
            told.send(entries.iter().count()).unwrap();
        });
        let queue = queue.unwrap();
        for entry in 0..WAITING {
            queue.push(entry).unwrap();
        }
        assert_eq!(queue.push(WAITING), Err(Refused::Full));
        open.send(()).unwrap();
        drop(queue);
        assert_eq!(count.recv().unwrap(), WAITING);
    }
}
