use std::io;
use std::path::PathBuf;

use crate::defect::Defect;

/// Why the record cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of the records could not be read or written, or is damaged.
    #[error("cannot use the record {}", path.display())]
    Records {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: sigstead_store::Error,
    },
    /// Another file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file of the head holds none.
    #[error("{} holds no head of a record", path.display())]
    Head {
        /// The file.
        path: PathBuf,
    },
    /// It was changed after it was written.
    #[error("the record {} was changed: {defect}", path.display())]
    Changed {
        /// The file of the records.
        path: PathBuf,
        /// What shows it.
        defect: Defect,
    },
    /// A record has no form in JSON.
    #[error("cannot encode a record")]
    Encode(#[source] serde_json::Error),
    /// The task that writes it ended.
    #[error("the task that writes the record ended")]
    Task(#[source] tokio::task::JoinError),
}
