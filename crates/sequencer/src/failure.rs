use std::collections::VecDeque;
use std::sync::Arc;

use crate::queue::{Ending, Submission};
use crate::shared::Shared;
use crate::{Error, PublishedHead};

/// The engine cannot go on; the reason is for the operator.
pub(crate) struct Dead(pub(crate) String);

/// Answers everyone who waits for the end of the log.
pub(crate) fn tell(endings: Vec<Ending>, answer: impl Fn() -> Result<Arc<PublishedHead>, Error>) {
    for ending in endings {
        // Nobody may be waiting any more.
        let _ = ending.send(answer());
    }
}

/// Answers an error to everyone.
pub(crate) fn refuse(submissions: VecDeque<Submission>, error: impl Fn() -> Error) {
    for submission in submissions {
        // Nobody may be waiting any more.
        let _ = submission.answer.send(Err(error()));
    }
}

/// Why a round was not committed.
pub(crate) enum Failure {
    /// Nothing was signed or written; the next round may do better.
    NoRoom(Arc<sigstead_journal::Error>),
    /// As when there is no room, for want of a descriptor or of memory.
    Exhausted(Arc<sigstead_journal::Error>),
    /// No signature was made or it did not verify; nothing was written.
    Signing(Arc<dyn std::error::Error + Send + Sync>),
    /// The clock stands before the last round by so many milliseconds.
    ClockBehind(u64),
    /// What is on disk is unknown, or memory is.
    Dead(String),
}

impl Failure {
    pub(crate) fn of_reserving(error: sigstead_journal::Error) -> Self {
        match error {
            sigstead_journal::Error::NoRoom { .. } => Self::NoRoom(Arc::new(error)),
            sigstead_journal::Error::Exhausted { .. } => Self::Exhausted(Arc::new(error)),
            other => Self::Dead(format!(
                "the journal cannot be extended ({})",
                chain(&other)
            )),
        }
    }

    pub(crate) fn to_error(&self, shared: &Shared) -> Error {
        match self {
            Self::NoRoom(source) => Error::NoRoom {
                source: Arc::clone(source),
            },
            Self::Exhausted(source) => Error::Exhausted {
                source: Arc::clone(source),
            },
            Self::Signing(source) => Error::SigningFailed {
                source: Arc::clone(source),
            },
            Self::ClockBehind(behind_millis) => Error::ClockBehind {
                behind_millis: *behind_millis,
            },
            Self::Dead(reason) => {
                shared.stop(reason.as_str());
                shared.read_only()
            }
        }
    }

    /// Why, for the operator, if it can pass without a restart.
    pub(crate) fn passes(&self) -> Option<String> {
        match self {
            Self::NoRoom(source) => Some(format!("{}; make room on its disk", chain(&**source))),
            Self::Exhausted(source) => Some(format!(
                "{}; raise the limits of the process, or see what uses up its open files and memory",
                chain(&**source)
            )),
            Self::Signing(source) => Some(format!(
                "it cannot sign its checkpoint: {}; look after its key",
                chain(&**source)
            )),
            Self::ClockBehind(behind_millis) => Some(format!(
                "the clock is {behind_millis} ms behind its last entry; correct it, or wait"
            )),
            Self::Dead(_) => None,
        }
    }

    /// How much room was missing.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::NoRoom(source) | Self::Exhausted(source) => match &**source {
                sigstead_journal::Error::NoRoom { bytes, .. }
                | sigstead_journal::Error::Exhausted { bytes, .. } => *bytes,
                _ => 0,
            },
            _ => 0,
        }
    }

    pub(crate) fn into_result(self) -> Result<(), Dead> {
        match self {
            Self::NoRoom(_) | Self::Exhausted(_) | Self::Signing(_) | Self::ClockBehind(_) => {
                Ok(())
            }
            Self::Dead(reason) => Err(Dead(reason)),
        }
    }
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
