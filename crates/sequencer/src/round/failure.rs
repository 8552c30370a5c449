use std::sync::Arc;

use crate::error::{Error, chain};

/// Why a round was not committed.
pub(crate) enum Failure {
    /// Nothing was signed or written; the next round may do better.
    NoRoom(Arc<sigstead_journal::Error>),
    /// As when there is no room, for want of a descriptor or of memory.
    Exhausted(Arc<sigstead_journal::Error>),
    /// No signature was made or it did not verify; nothing was written.
    Signing(Arc<dyn std::error::Error + Send + Sync>),
    /// The clock is behind the last round by this many milliseconds.
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

    /// What those are told who wait for the round, if the log lives on.
    pub(crate) fn to_error(&self) -> Error {
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
            Self::Dead(reason) => Error::ReadOnly {
                reason: reason.as_str().into(),
            },
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
}
