use crate::health::Failure;
use crate::queue::Refused;

/// Why it cannot be told whether a token is in use.
#[derive(Debug, thiserror::Error)]
pub enum UseError {
    /// A use could not be made durable, for instance because the disk is full.
    #[error("the file of used tokens takes nothing: {reason}")]
    NotWritten {
        /// What the operating system said; the same for all uses of one write.
        reason: String,
    },
    /// The file is not what was written.
    #[error(
        "the file of used tokens is damaged: {what}; keep a copy of it and move it out of the directory, and tokens that were \
         used before this process started are good once more until they end"
    )]
    Damaged {
        /// Which file, where, and how that was noticed.
        what: String,
    },
    /// As many tokens are remembered as there is room for, of the token's issuer or of all.
    #[error("too many used tokens have not ended, of this issuer or of all")]
    NoRoom,
    /// More uses wait to be written than the queue holds.
    #[error("too many uses of tokens wait to be written")]
    Busy,
    /// The disk does not answer.
    #[error("the disk of the file of used tokens does not answer")]
    Stuck,
    /// The file's writer has ended.
    #[error("the file of used tokens is closed")]
    Closed,
}

impl From<Failure> for UseError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Damaged(what) => Self::Damaged { what },
            Failure::Stuck => Self::Stuck,
            Failure::Other(reason) => Self::NotWritten { reason },
        }
    }
}

impl From<Refused> for UseError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Busy,
            Refused::Closed => Self::Closed,
        }
    }
}
