//! The file that an instance is backed up to: many files, encrypted, with a list of all of them.
//!
//! Specification: C2SP age v1 (commit of November 2026) with one recipient, a passphrase (`scrypt`), around a tar archive
//! (POSIX ustar; long names as GNU tar writes them). Both can be undone without this program:
//! `age --decrypt FILE | tar --extract`.
//!
//! The members of the archive, in this order: `opening.json`, an [`Opening`], so that a reader of another format stops
//! before the rest; the files below `instance/`, which are those of an instance or of one [`Part`] of it; `manifest.json`, a [`Manifest`], which is known only when all of them
//! were read. Neither writer nor reader holds more of the content than a chunk of 64 KiB. What a chunk says is used after
//! it was authenticated, and a file that ends early, at a chunk's end too, is noticed.
//!
//! Provided: [`Writer`] and [`read`]. Deliberately absent: which files belong into the archive, and where they go;
//! recipients with public keys; compression, which gains little on hashes and ciphertext.
//!
//! Files: `age` is the header, `stream` the payload, `names` what members are called; `manifest`, `writer`, `reader`, `error`.

#![warn(clippy::indexing_slicing)]

mod age;
mod error;
mod manifest;
mod names;
mod reader;
mod stream;
mod writer;

pub use error::Error;
pub use manifest::{FORMAT, FileRecord, LogFace, LogRecord, Manifest, Opening, Part};
pub use reader::{Member, read};
pub use writer::{SourceFile, Writer};
