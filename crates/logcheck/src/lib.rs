//! An independent verifier of transparency logs: reads a published log as a stranger would and says what is wrong.
//!
//! Specifications: C2SP tlog-tiles, signed-note and tlog-checkpoint v1, C2SP static-ct-api v1, RFC 6962 §2.1 and §3, and
//! the faces of Rekor v1 and v2.
//!
//! Provided: [`check`], which reads the published checkpoint, every tile, bundle and issuer of a [`Source`], and holds
//! them against each other, against a ledger of what the log acknowledged, and against the checkpoints that an observer
//! saw; a [`Report`] of everything found, each finding a [`Defect`] with a stable name. The tree is read once, in order,
//! in memory that does not grow with its bytes.
//!
//! Deliberately absent: any code of the server, so that a fault there is not repeated here; RSA keys and witness
//! cosignatures; compressed tiles; the meaning of the entries (their signatures and certificates are for clients).
//!
//! Files: `check` is the verb; `inputs` reads ledger and observations, `ledger` is their format, `claims` are the
//! checkpoints to be held against the tree; `scan` reads the tree, `leaves` its leaves, and `extra` what must not exist beyond it; `entry`,
//! `canonical` and `shape` read leaves; `head`, `note` and `key` read checkpoints; `tree` hashes; `path` names files;
//! `source` fetches them; `program` is the command line; `report` and `defect` say what was found.

#![warn(clippy::indexing_slicing)]

mod bytes;
mod canonical;
mod check;
mod claims;
mod defect;
mod entry;
mod error;
mod extra;
mod head;
mod inputs;
mod key;
mod leaves;
mod ledger;
mod note;
mod path;
mod program;
mod report;
mod scan;
mod shape;
mod source;
mod tree;

pub use check::{Request, check};
pub use defect::{Defect, Finding};
pub use error::Error;
pub use head::{Face, Log};
pub use key::LogKey;
pub use ledger::{Ack, LoggedEntry, Observation, Sct, Set};
pub use program::main;
pub use report::Report;
pub use source::{Directory, Memory, Remote, Source};
