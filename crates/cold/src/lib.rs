//! Immutable objects, written once: a directory, or memory.
//!
//! The paths are those of C2SP tlog-tiles and static-ct-api (commit of November 2026), so that a directory written here
//! can be read by any tool that reads tiled logs.
//!
//! Provided: the [`ColdStorage`] seam, [`DirectoryStorage`], [`MemoryStorage`] with a fault plan, and the
//! [`conformance`] suite that every implementation passes. Absent on purpose: deletion, listing and overwriting.

pub mod conformance;
mod directory;
mod memory;
mod path;

use std::io;

use async_trait::async_trait;
use bytes::Bytes;

pub use directory::DirectoryStorage;
pub use memory::{Fault, MemoryStorage};

/// A place for objects that never change.
///
/// An implementation MUST make an object durable before `put` answers `Ok`, MUST answer `Ok` when the same bytes are put
/// again, and MUST NOT replace an object by other bytes. A reader MUST see an object whole or not at all. A crash inside
/// `put` leaves the object absent or whole; the caller puts it again. Callers retry, implementations do not.
#[async_trait]
pub trait ColdStorage: Send + Sync {
    /// Stores an object for ever.
    ///
    /// # Errors
    /// [`Error::Differs`] when other bytes are stored under the path, [`Error::PathInvalid`] for a path outside the
    /// permitted alphabet, [`Error::Io`] when the bytes could not be made durable.
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), Error>;

    /// Reads an object, or `None` when nothing is stored under the path.
    ///
    /// # Errors
    /// [`Error::PathInvalid`] and [`Error::Io`] as for [`ColdStorage::put`].
    async fn get(&self, path: &str) -> Result<Option<Bytes>, Error>;

    /// Reads up to `length` bytes of an object from `offset` on, fewer where it ends, or `None` when nothing is stored under
    /// the path. It MUST NOT hold anything between two calls: an answer that nobody takes costs no descriptor.
    ///
    /// # Errors
    /// As for [`ColdStorage::get`].
    async fn get_range(
        &self,
        path: &str,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, Error>;

    /// The length of an object in bytes, or `None` when nothing is stored under the path.
    ///
    /// # Errors
    /// As for [`ColdStorage::get`].
    async fn length(&self, path: &str) -> Result<Option<u64>, Error>;
}

/// Why an object could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Other bytes are already stored under the path.
    #[error("object {path} is already stored with other content")]
    Differs {
        /// The object's path.
        path: String,
    },
    /// The path is absolute, empty, or has a segment outside of `[A-Za-z0-9._-]`.
    #[error("object path {path:?} is not a relative path of plain segments")]
    PathInvalid {
        /// The path as it was given.
        path: String,
    },
    /// The medium failed.
    #[error("cannot access object {path}")]
    Io {
        /// The object's path, or the storage's own directory.
        path: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    fn io(path: &str, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
