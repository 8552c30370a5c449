use std::io;

/// Why a log could not be checked, which says nothing about whether it is sound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key of the log cannot be used.
    #[error("the key of the log is neither P-256 nor Ed25519 in PEM: {0}")]
    Key(String),
    /// The origin does not fit the face.
    #[error("the origin of a rekor-v1 log is \"<host> - <tree id>\", not {0:?}")]
    Origin(String),
    /// The address of the log cannot be used.
    #[error("the address {0:?} is none")]
    Address(String),
    /// The log could not be read, for another reason than that a file is absent.
    #[error("{path} could not be read: {reason}")]
    Unreadable {
        /// The file, relative to the log.
        path: String,
        /// What the network or the file system said.
        reason: String,
    },
    /// The ledger or the observations could not be read.
    #[error("the {input} could not be read: {source}")]
    Input {
        /// Which of the inputs.
        input: &'static str,
        /// What the file system said.
        source: io::Error,
    },
    /// A line of the ledger or the observations is not of their format.
    #[error("line {line} of the {input}: {reason}")]
    Line {
        /// Which of the inputs.
        input: &'static str,
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}
