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
    NoRoom(Arc<journal::Error>),
    /// No signature was made or it did not verify; nothing was written.
    Signing(Arc<dyn std::error::Error + Send + Sync>),
    /// What is on disk is unknown, or memory is.
    Dead(String),
}

impl Failure {
    pub(crate) fn of_reserving(error: journal::Error) -> Self {
        match error {
            journal::Error::NoRoom { .. } => Self::NoRoom(Arc::new(error)),
            other => Self::Dead(format!("the journal cannot be extended ({other})")),
        }
    }

    pub(crate) fn to_error(&self, shared: &Shared) -> Error {
        match self {
            Self::NoRoom(source) => Error::NoRoom {
                source: Arc::clone(source),
            },
            Self::Signing(source) => Error::SigningFailed {
                source: Arc::clone(source),
            },
            Self::Dead(reason) => {
                shared.stop(reason.as_str());
                shared.read_only()
            }
        }
    }

    pub(crate) fn into_result(self) -> Result<(), Dead> {
        match self {
            Self::NoRoom(_) | Self::Signing(_) => Ok(()),
            Self::Dead(reason) => Err(Dead(reason)),
        }
    }
}
