//! Tree heads as signed notes.
//!
//! Specification: C2SP tlog-checkpoint v1 (c2sp.org/tlog-checkpoint).
//!
//! Provided: origins, checkpoints with their extension lines, read and written byte for byte, and
//! checkpoints together with the note that signs them.
//!
//! Deliberately absent: the signing itself (a signer signs [`Checkpoint::text`]), proofs between
//! checkpoints (crate `merkle`), and witnesses' protocol.

#![warn(clippy::indexing_slicing)]

mod body;
mod error;
mod origin;
mod signed;

pub use body::Checkpoint;
pub use error::Error;
pub use origin::Origin;
pub use signed::SignedCheckpoint;
