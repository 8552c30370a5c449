//! Whether a writer's file takes what it is given, as the writer found last.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// Written by the writer, read by everybody.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Why the last attempt failed; none if it succeeded.
    failure: Option<Failure>,
    /// Since when the writer waits for the disk.
    writing_since: Option<Instant>,
}

/// Why nothing can be written. All who waited for one write are told the same.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    Damaged(String),
    /// The disk does not answer.
    Stuck,
    Other(String),
}

impl Failure {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Damaged { what } => Self::Damaged(what.clone()),
            other => Self::Other(sigstead_kit::causes(other)),
        }
    }

    pub(crate) fn of_store(error: &sigstead_store::Error) -> Self {
        match error {
            sigstead_store::Error::Damaged { what } => Self::Damaged(what.clone()),
            other => Self::Other(sigstead_kit::causes(other)),
        }
    }

    pub(crate) fn error(&self) -> Error {
        match self.clone() {
            Self::Damaged(what) => Error::Damaged { what },
            Self::Stuck => Error::Stuck,
            Self::Other(reason) => Error::NotRecorded { reason },
        }
    }
}

impl Health {
    pub(crate) fn begin(&self) {
        self.state().writing_since = Some(Instant::now());
    }

    /// Tells what came of a write, and answers whether that is news.
    pub(crate) fn end(&self, failure: Option<&Failure>) -> bool {
        let mut state = self.state();
        let was_failing = state.failure.is_some();
        state.writing_since = None;
        state.failure = failure.cloned();
        was_failing != failure.is_some()
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.state().failure.is_some()
    }

    pub(crate) fn check(&self) -> Result<(), Failure> {
        let state = self.state();
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        match state.writing_since {
            Some(since) if since.elapsed() > LONGEST_WRITE => Err(Failure::Stuck),
            _ => Ok(()),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A disk that does well writes a batch in some milliseconds, a busy one in a second.
const LONGEST_WRITE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_came_of_the_last_write() {
        let health = Health::default();
        assert!(health.check().is_ok());
        let full = Failure::Other("no space".to_owned());
        assert!(health.end(Some(&full)), "it is news");
        assert!(!health.end(Some(&full)), "it is none");
        assert!(matches!(health.check(), Err(Failure::Other(_))));
        assert!(health.end(None));
        assert!(health.check().is_ok());
        let damaged = Failure::Damaged("file at offset 7".to_owned());
        health.end(Some(&damaged));
        assert!(matches!(health.check(), Err(Failure::Damaged(what)) if what.contains("7")));
    }

    #[test]
    fn tells_when_the_disk_does_not_answer() {
        let health = Health::default();
        health.begin();
        assert!(health.check().is_ok(), "it has just been asked");
        health.state().writing_since = Instant::now().checked_sub(LONGEST_WRITE * 2);
        assert!(matches!(health.check(), Err(Failure::Stuck)));
        health.end(None);
        assert!(health.check().is_ok());
    }
}
