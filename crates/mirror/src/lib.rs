//! A copy of another's log, which grows by entries that prove themselves.
//!
//! Specification: C2SP tlog-mirror (c2sp.org/tlog-mirror), in the editors' copy of November 2026.
//!
//! Provided: the two requests of the protocol as bytes, to be sent, or written to a medium and carried ([`UploadHeader`],
//! [`EntryPackage`], and `AddCheckpoint` of `witness`); and [`Mirror`], a folder that takes them and is laid out as C2SP
//! tlog-tiles says, so that any web server shows it; and [`Reader`], which says whether a copy has an entry. Nothing depends on who brings the requests: the key of the log vouches
//! for the checkpoint, and each package for itself.
//!
//! Other than the protocol, the copy takes a checkpoint whose proof begins before its own end: a medium may come twice, or a
//! later one may contain an earlier one. Then the entries from there on are compared with those that are stored before any is
//! taken. A pending checkpoint, which nobody cosigned, may be replaced in the same way.
//!
//! File map: `package.rs` the request with entries; `mirror.rs` the steps; `edge.rs` the right edge of the tree; `state.rs`
//! what is recorded, and the nodes of what is stored; `folder.rs` the files; `reader.rs` who asks a copy; `error.rs` what is refused, and why.
//!
//! Deliberately absent: HTTP, tickets, pruning, the subtree requests of witnesses, the keys of cosigners, and logs whose
//! bundles are not of entries (static-ct-api).

#![warn(clippy::indexing_slicing)]

mod edge;
mod error;
mod folder;
mod mirror;
mod package;
mod reader;
mod state;

pub use error::{Error, Refusal};
pub use mirror::{Complete, Mirror, Shown};
pub use package::{EntryPackage, FormError, UploadHeader};
pub use reader::{Held, Reader};
