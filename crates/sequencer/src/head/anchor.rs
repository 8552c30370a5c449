use std::fs::File;
use std::io;

use sigstead_merkle::TreeHead;

use crate::head::published::PublishedHead;

/// A head that a log has published, remembered apart from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// Size and root.
    pub head: TreeHead,
    /// The time of its round, in milliseconds since the epoch.
    pub time_millis: u64,
}

impl Anchored {
    /// What is anchored of a log that was never opened: that there was nothing.
    pub fn beginning() -> Self {
        Self {
            head: TreeHead::empty(),
            time_millis: 0,
        }
    }

    /// Whether the log was never opened. Its first head, over the empty tree, has a time.
    pub fn is_beginning(&self) -> bool {
        *self == Self::beginning()
    }
}

impl From<&PublishedHead> for Anchored {
    fn from(published: &PublishedHead) -> Self {
        Self {
            head: published.head,
            time_millis: published.time_millis,
        }
    }
}

/// Remembers how far a log has come, on a medium of its own, so that a restored older copy of the log is noticed.
///
/// `store` MUST be durable when it answers `Ok`, and a crash inside it MUST leave the head before or the new one. `load`
/// MUST answer an error rather than `None` when there was an anchor and it cannot be read. Calls block.
pub trait Anchor: Send {
    /// Keeps every other copy of the log from the anchor until the claim is dropped. A head may be read without one.
    ///
    /// # Errors
    /// [`AnchorError::InUse`] when another has it, [`AnchorError::Io`] when that cannot be known.
    fn claim(&self) -> Result<AnchorClaim, AnchorError>;

    /// The head that was stored last; `None` when none ever was.
    ///
    /// # Errors
    /// [`AnchorError`] when it cannot be read.
    fn load(&mut self) -> Result<Option<Anchored>, AnchorError>;

    /// Remembers a later head.
    ///
    /// # Errors
    /// [`AnchorError::Io`] when it cannot be made durable.
    fn store(&mut self, anchored: &Anchored) -> Result<(), AnchorError>;
}

/// What a log holds of its anchor for as long as it takes entries. Two copies of a log that one anchor knows would both sign.
#[derive(Debug)]
pub struct AnchorClaim {
    /// None where no other process could have the anchor.
    _lock: Option<File>,
}

impl AnchorClaim {
    pub(crate) fn new(lock: Option<File>) -> Self {
        Self { _lock: lock }
    }
}

/// Why an anchor could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// Another log holds it.
    #[error(
        "E-LOG-005: anchor {place} is in use by another copy of the log; stop that one, and if it is another log, give each an anchor of its own"
    )]
    InUse {
        /// The anchor's file.
        place: String,
    },
    /// Both slots fail their checksums.
    #[error("anchor {place} is damaged")]
    Damaged {
        /// The anchor's file.
        place: String,
    },
    /// The medium failed.
    #[error("cannot {action} anchor {place}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The anchor's file.
        place: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}
