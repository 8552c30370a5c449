use std::path::PathBuf;

use sigstead_entry::v1::{self, TreeId};
use sigstead_kit::{Kind, Problem, causes};

use super::rekor_v1;

/// Why an entry, a proof or a tile is not given.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The identifier, query or parameter of Rekor v1 is not one that the log takes.
    #[error("the request is refused")]
    V1Request(#[source] v1::Error),
    /// A parameter is missing or cannot be read.
    #[error("parameter {0} must stand in the query once, as a number from 0 to 2^63-1")]
    Query(&'static str),
    /// There is no such entry.
    #[error("the log has no such entry")]
    NoSuchEntry,
    /// There is no such shard.
    #[error("the log has no shard {0}")]
    UnknownTree(TreeId),
    /// A proof is asked for from a size to a smaller one.
    #[error("firstSize({first}) must be at least 1 and not greater than lastSize({last})")]
    SizesReversed {
        /// The first size.
        first: u64,
        /// The last size.
        last: u64,
    },
    /// An administrator asks for a proof from a size to a smaller one.
    #[error("first_size {first} is larger than second_size {second}")]
    SizesUnordered {
        /// The first size.
        first: u64,
        /// The second size.
        second: u64,
    },
    /// A proof is asked for to a size that is not published.
    #[error("the tree size requested({0}) was greater than what is currently observable")]
    SizeBeyond(u64),
    /// More entries are asked for at once than allowed.
    #[error("more than max allowed {0} entries in request")]
    TooManyRetrieved(usize),
    /// More entries fit a search than are answered.
    #[error("more than {0} entries have one of the search terms")]
    TooManyFound(usize),
    /// An entry below the published size cannot be found.
    #[error("entry {0} is lost")]
    EntryLost(u64),
    /// What belongs to an entry beside its leaf cannot be found.
    #[error("the time of entry {0} is lost")]
    SideLost(u64),
    /// The search index failed.
    #[error("the search index failed")]
    Index(#[from] sigstead_index::Error),
    /// The directory of the search index cannot be used.
    #[error("cannot use the search index in {}", path.display())]
    IndexFiles {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The log was not let begin, so it has signed nothing that could be shown.
    #[error("the log has no checkpoint")]
    NoCheckpoint,
    /// There is no such tile or bundle.
    #[error("no {0}")]
    NoSuchTile(String),
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::V1Request(source) => rekor_v1::refused(source),
            ReadError::Query(_) => Self::new(Kind::Unprocessable, "E-TLOG-042", error.to_string()),
            ReadError::NoSuchEntry => Self::new(Kind::NotFound, "E-TLOG-044", error.to_string()),
            ReadError::UnknownTree(_)
            | ReadError::SizesReversed { .. }
            | ReadError::SizeBeyond(_) => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-045",
                format!("{error}; /api/v1/log lists the shards and their sizes"),
            ),
            ReadError::TooManyRetrieved(_) => {
                let message = format!("{error}; ask for the rest in another request");
                Self::new(Kind::Unprocessable, "E-TLOG-046", message)
            }
            ReadError::TooManyFound(_) => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-047",
                format!("{error}; search for a digest, or for several terms with operator and"),
            ),
            ReadError::SizesUnordered { .. } => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-045",
                format!("{error}; name the smaller size first"),
            ),
            ReadError::NoCheckpoint => Self::new(
                Kind::Unavailable,
                "E-TLOG-074",
                format!("{error} until its operator has looked after it; try again later"),
            ),
            // Clients of tiles take 404, and nothing else, for a partial tile that has been
            // replaced by the full one.
            ReadError::NoSuchTile(_) => Self::new(
                Kind::NotFound,
                "E-TLOG-010",
                format!("{error} in this log; see the checkpoint for its size"),
            ),
            ReadError::EntryLost(_) | ReadError::SideLost(_) => {
                Self::internal("E-TLOG-021", causes(&error))
            }
            ReadError::Index(_) | ReadError::IndexFiles { .. } => {
                Self::internal("E-TLOG-022", causes(&error))
            }
        }
    }
}
