//! The committed rounds of a log and its head, durable before they are visible: file, memory.
//!
//! A round is what one group commit appends: the new entries, the tree head over them, and the signed checkpoint. The
//! format of the files is this crate's own (version 1, described in `segment.rs`).
//!
//! Provided: the [`Journal`] seam, [`FileJournal`], a [`Snapshot`] of one in use and [`last_round`] for those who only
//! look, [`MemoryJournal`] with a fault plan, and the [`conformance`] suite that every journal passes. Absent on purpose:
//! hashing of trees, which is the sequencer's, and any reading of entries
//! by their index, which tiles and bundles serve.
//!
//! File map: `file.rs` the journal in files; `load.rs` what it finds at start; `segment.rs` one file of it; `spare.rs`
//! the next one, `trim.rs` the end of old ones; `snapshot.rs` a copy while it is written; `record.rs` a round's frame; `codec.rs` a round as bytes; `memory.rs` the
//! journal of tests; `conformance.rs`; `error.rs`.

mod codec;
pub mod conformance;
mod error;
mod file;
mod load;
mod memory;
mod record;
mod segment;
mod snapshot;
mod spare;
mod trim;

use bytes::Bytes;
use sigstead_merkle::{LeafHash, TreeHead};

pub use error::Error;
pub use file::FileJournal;
pub use load::last_round;
pub use memory::{Fault, MemoryJournal, MemoryMedium};
pub use snapshot::{SegmentCopy, Snapshot};

/// What one group commit appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The log's size before the round.
    pub first: u64,
    /// The tree head after the round.
    pub head: TreeHead,
    /// When the round was sequenced, in milliseconds since the epoch.
    pub time_millis: u64,
    /// The signed checkpoint over the head, as it is published.
    pub checkpoint: Bytes,
    /// The entries from index `first` on; none when only the checkpoint is new.
    pub entries: Vec<RoundEntry>,
}

/// One entry of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundEntry {
    /// The bytes as they stand in the entry bundle, framing included.
    pub bundle: Bytes,
    /// The entry's leaf hash.
    pub leaf_hash: LeafHash,
    /// What belongs to the entry and is not in its leaf.
    pub side: Bytes,
}

/// The rounds of one log that are not yet in cold storage, and its head.
///
/// A journal MUST make a round durable before `commit` answers `Ok`, MUST refuse a round that does not follow the last
/// one, and MUST keep the last round for ever, because it holds the head. After a failed `commit`, or a `reserve` that
/// failed for another reason than a lack that passes, it MUST NOT take another round: what counts is decided by the next `load`, never
/// by a second try. `load` answers exactly the rounds that are durable, in order, or an error; it never leaves out one
/// that was acknowledged.
///
/// Calls block; the sequencer makes them from a thread of its own.
pub trait Journal: Send {
    /// Reads the rounds that are not trimmed, oldest first. Called once, before the first `commit`.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the rounds are not what was written or do not follow each other, [`Error::Io`] when they
    /// cannot be read, [`Error::Fenced`] when another process holds the journal.
    fn load(&mut self) -> Result<Vec<Round>, Error>;

    /// Makes sure that a round of up to so many bytes (as [`Round::encoded_bytes`] counts them) finds room.
    ///
    /// Called before the head of the round is signed, so that a full disk refuses entries and breaks nothing.
    ///
    /// # Errors
    /// [`Error::NoRoom`] while the disk is full, and [`Error::Exhausted`] while no descriptor or memory is free; the
    /// journal stays usable and may be asked again. [`Error::Fenced`], and [`Error::Io`] for whatever else failed; the
    /// journal is dead after them and answers [`Error::Dead`].
    fn reserve(&mut self, bytes: usize) -> Result<(), Error>;

    /// Appends a round behind the head `expected`.
    ///
    /// # Errors
    /// [`Error::HeadMismatch`] when the journal's head is another one, [`Error::Fenced`], and [`Error::Io`]; the journal
    /// is dead after each of them and answers [`Error::Dead`].
    fn commit(&mut self, expected: &TreeHead, round: &Round) -> Result<(), Error>;

    /// Allows the journal to forget rounds that end at or below a size, except the last round; when it does is its own
    /// affair.
    ///
    /// # Errors
    /// [`Error::Io`], also of what an earlier call began; nothing is lost then, and the journal stays usable, but may
    /// forget nothing more before it is opened anew. [`Error::Dead`], and [`Error::Fenced`].
    fn trim(&mut self, below_size: u64) -> Result<(), Error>;
}
