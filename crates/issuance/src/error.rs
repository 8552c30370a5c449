use std::path::PathBuf;

use crate::queue::Refused;

/// Why issuances cannot be recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A state could not be made durable, for instance because the disk is full.
    #[error("the issuance record takes nothing: {reason}")]
    NotRecorded {
        /// What the operating system said; the same for all states of one write.
        reason: String,
    },
    /// More states wait to be written than the queue holds.
    #[error("too many issuances wait to be recorded")]
    Busy,
    /// The disk does not answer.
    #[error("the disk of the issuance record does not answer")]
    Stuck,
    /// The record's writer has ended.
    #[error("the issuance record is closed")]
    Closed,
    /// Another process has the record open.
    #[error("{path} is in use by another process")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The record is not what was written.
    #[error(
        "the issuance record is damaged: {what}; keep a copy of the file and move it out of the directory, and what it held \
         is missing from the record"
    )]
    Damaged {
        /// Which file, where, and how that was noticed.
        what: String,
    },
    /// The record cannot be opened or read.
    #[error("cannot {action} {path}")]
    Read {
        /// What was attempted.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The place to go on from is none that a page named.
    #[error(
        "`{0}` is no place in the issuance record; write the one that the last page ended with"
    )]
    CursorMalformed(String),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Busy,
            Refused::Closed => Self::Closed,
        }
    }
}

impl Error {
    pub(crate) fn read<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Read {
            action,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Damage is told apart from a medium that fails.
    pub(crate) fn store(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(sigstead_store::Error) -> Self {
        move |error| match error {
            sigstead_store::Error::Damaged { what } => Self::Damaged { what },
            other => Self::read(action, path)(other),
        }
    }
}
