use std::io;
use std::path::{Path, PathBuf};

use sigstead_note::SignedNote;

use crate::FormError;

/// Why a copy could not be read, written or extended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was shown is not to be taken. The copy is as it was.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file of the copy cannot be read or written.
    #[error("cannot access {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file of the copy is not what was written.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The copy has not the nodes that its size says.
    #[error("the copy has not the nodes that its size says")]
    Edge,
    /// The copy has not the root that its checkpoint says, though each entry was proven.
    #[error("the copy of {size} entries has another root than its checkpoint")]
    Root {
        /// The size of the copy.
        size: u64,
    },
    /// A tile or bundle cannot be as large as it would have to be.
    #[error(transparent)]
    Tile(#[from] sigstead_tiles::Error),
    /// A proof cannot be made from the copy.
    #[error(transparent)]
    Merkle(#[from] sigstead_merkle::Error),
    /// The cosigner could not sign.
    #[error("the checkpoint of the copy could not be cosigned")]
    Cosigner(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why what was shown is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The checkpoint is none.
    #[error("what should be a checkpoint is none")]
    NoCheckpoint(#[source] sigstead_checkpoint::Error),
    /// The checkpoint is of another log, or not signed by the log's key.
    #[error("the checkpoint is not one of this log")]
    Foreign(#[source] sigstead_checkpoint::Error),
    /// Entries between what is stored and what is shown are missing.
    #[error("the copy ends at {stored}, and what is shown begins at {begins}")]
    Gap {
        /// How many entries are stored.
        stored: u64,
        /// Where what is shown begins.
        begins: u64,
    },
    /// The checkpoint is older than what it was said to follow.
    #[error("a checkpoint of {size} entries cannot follow one of {old_size}")]
    Backwards {
        /// The size that it was said to follow.
        old_size: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The log has two histories. Both checkpoints are the evidence.
    #[error(
        "the log has two histories: what is shown at size {size} does not continue what is stored"
    )]
    Forked {
        /// The size of the checkpoint that was shown.
        size: u64,
        /// What is stored, if a checkpoint is.
        stored: Option<Box<SignedNote>>,
        /// What was shown.
        shown: Box<SignedNote>,
    },
    /// The proof with the checkpoint, or with entries, does not hold.
    #[error("the proof at entry {entry} does not hold")]
    Proof {
        /// Where the entries begin that it is about; for a checkpoint, the size that it follows.
        entry: u64,
        /// What the verification found.
        #[source]
        source: sigstead_merkle::Error,
    },
    /// Entries are shown for a checkpoint that was not.
    #[error("entries up to {end} are shown, and the last checkpoint is of {pending}")]
    NotPending {
        /// The size that the entries are proven for.
        end: u64,
        /// The size of the last checkpoint.
        pending: u64,
    },
    /// Entries are not all there yet.
    #[error("the copy has {stored} of {pending} entries")]
    Incomplete {
        /// How many entries are stored.
        stored: u64,
        /// How many the checkpoint has.
        pending: u64,
    },
    /// The bytes are no entries.
    #[error("what should be entries is not")]
    Form(#[from] FormError),
}

impl Error {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, what: impl std::fmt::Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.to_string(),
        }
    }
}

impl From<FormError> for Error {
    fn from(error: FormError) -> Self {
        Self::Refused(error.into())
    }
}
