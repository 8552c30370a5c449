use std::io;
use std::path::Path;

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stored rounds are not what was written, or one is missing.
    #[error("journal is damaged in {place}: {why}")]
    Damaged {
        /// The file and offset, or the round.
        place: String,
        /// What does not fit.
        why: &'static str,
    },
    /// There is no room for another round; nothing was written.
    #[error("journal has no room for a round of {bytes} bytes")]
    NoRoom {
        /// The size that was asked for.
        bytes: usize,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The process or the machine has no descriptor or memory free for a segment; nothing was written.
    #[error("journal cannot be extended for a round of {bytes} bytes now")]
    Exhausted {
        /// The size that was asked for.
        bytes: usize,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A round does not follow the journal's head.
    #[error("journal is at size {actual}, the round expects {expected}")]
    HeadMismatch {
        /// The size that the caller takes for the present one.
        expected: u64,
        /// The size of the journal's last round.
        actual: u64,
    },
    /// Another process or a later opening holds the journal.
    #[error("journal is held by another process")]
    Fenced,
    /// An earlier call failed, or the journal is not loaded; only loading it anew tells what counts.
    #[error("journal takes no more rounds before it is loaded anew")]
    Dead,
    /// The medium failed.
    #[error("cannot {action} {place}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        place: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What an error of the operating system means.
    pub(crate) fn io(action: &'static str, place: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            place: place.display().to_string(),
            source,
        }
    }

    pub(crate) fn damaged(place: &Path, offset: usize, why: &'static str) -> Self {
        Self::Damaged {
            place: format!("{} at offset {offset}", place.display()),
            why,
        }
    }
}
