use std::io;

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A precondition of a batch does not hold; nothing was changed.
    #[error("the value under key {} is not the expected one", printable(key))]
    Conflict {
        /// The key whose value differs.
        key: Vec<u8>,
    },
    /// A value or record is larger than the store takes.
    #[error("a value of {bytes} bytes is above the limit of {limit}")]
    TooLarge {
        /// The size that was offered.
        bytes: usize,
        /// The largest size that is taken.
        limit: usize,
    },
    /// The stored bytes are not the bytes that were written.
    #[error("stored data is damaged: {what}")]
    Damaged {
        /// Which data, and how that was noticed.
        what: String,
    },
    /// A file was written by a newer release.
    #[error(
        "E-STORE-001: {path} has format {found}, and this release reads {known}; use the release that made it, or a later one"
    )]
    Newer {
        /// The file.
        path: String,
        /// The number of its format.
        found: u32,
        /// The newest format that is read.
        known: u32,
    },
    /// An earlier write failed and what is on disk is unknown; only opening the store again can tell.
    #[error("writes are stopped after a failed one; the store has to be opened again")]
    Stopped,
    /// The medium failed.
    #[error("cannot {action}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// What the operating system or the engine said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}

/// Keys are mostly text with a few binary parts.
fn printable(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}
