//! Work that a signal ends early, and that leaves nothing behind then.

use std::future::Future;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::failure::Failure;
use crate::up::Ends;

/// Whether the work was asked to end. Set by the waiter of [`blocking`], read by the work.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Refuses to go on once the work was asked to end.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(interrupted()),
            false => Ok(()),
        }
    }

    /// Waits for work on a thread that blocks, until it is done or was asked to end.
    pub(crate) async fn or_work<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let asked = async {
            while self.check().is_ok() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            done = work => done,
            () = asked => Err(interrupted()),
        }
    }

    /// A reader that ends with an error once the work was asked to end.
    pub(crate) fn watch<R: Read>(&self, content: R) -> Watched<R> {
        Watched {
            stop: self.clone(),
            content,
        }
    }
}

/// A reader of [`Stop::watch`].
pub(crate) struct Watched<R> {
    stop: Stop,
    content: R,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stop.0.load(Ordering::Relaxed) {
            true => Err(io::Error::other("asked to end")),
            false => self.content.read(buffer),
        }
    }
}

/// Runs work that blocks, on a thread of its own, until it is done or has ended because a signal came.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&Stop) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let mut ends = Ends::listen()?;
    let stop = Stop::default();
    let seen = stop.clone();
    let mut working = tokio::task::spawn_blocking(move || work(&seen));
    let done = tokio::select! {
        done = &mut working => done,
        () = ends.any() => {
            stop.0.store(true, Ordering::Relaxed);
            working.await
        }
    };
    let done =
        done.map_err(|error| Failure::io("a thread ended early", io::Error::other(error)))?;
    // What the work made of being stopped is no cause that helps anybody.
    done.map_err(|failure| stop.check().err().unwrap_or(failure))
}

/// Waits for work until a signal comes.
pub(crate) async fn waiting<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut ends = Ends::listen()?;
    tokio::select! {
        done = work => done,
        () = ends.any() => Err(interrupted()),
    }
}

fn interrupted() -> Failure {
    Failure::new(
        "E-CTL-200",
        "asked to end before it was done",
        "nothing was kept; run the command again",
    )
}

/// How soon work that waits sees that it was asked to end.
const LOOK: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_was_asked_to_end_reads_nothing_more_and_says_why() {
        let stop = Stop::default();
        let mut content = stop.watch(&b"content"[..]);
        let mut buffer = [0; 3];
        assert_eq!(content.read(&mut buffer).unwrap(), 3);
        stop.check().unwrap();
        stop.0.store(true, Ordering::Relaxed);
        assert!(content.read(&mut buffer).is_err());
        assert_eq!(stop.check().unwrap_err().code(), "E-CTL-200");
    }
}
