//! Small, rebuildable state behind one trait: memory and sled; and an append-only file for what cannot be rebuilt.
//!
//! Provided: the [`Store`] seam with its [`Batch`], [`MemoryStore`] with a fault plan, [`SledStore`] (sled 0.34, made
//! durable by an own sync), [`RecordFile`], and the [`conformance`] suite that every store passes. What they write is for
//! the user of the process alone, and older files are made so when they are opened. Absent on purpose:
//! knowledge of what keys and values mean, and the entries of a log, whose truth is its files.

mod batch;
pub mod conformance;
mod error;
mod memory;
mod private;
pub mod record_file;
mod sled_store;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use batch::{Batch, Expect};
pub use error::Error;
pub use memory::{Fault, MemoryStore};
pub use record_file::RecordFile;
pub use sled_store::SledStore;

/// An ordered map from bytes to bytes with atomic, conditional, durable batches.
///
/// An implementation MUST apply a batch wholly or not at all, MUST check every precondition in the same atomic step, and
/// MUST make the batch durable before `commit` answers `Ok`. After an error other than [`Error::Conflict`] and
/// [`Error::TooLarge`] the batch may or may not have been applied: callers read again, implementations never retry.
/// Keys are ordered as bytes.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads one value.
    ///
    /// # Errors
    /// [`Error::Io`] when the medium fails, [`Error::Damaged`] when the stored bytes fail their checksum.
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Reads up to `limit` pairs whose keys start with `prefix` and sort behind `after`, in order.
    ///
    /// # Errors
    /// As for [`Store::get`].
    async fn list(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, Error>;

    /// Applies a batch when all its preconditions hold.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a precondition does not hold; nothing is changed then. [`Error::TooLarge`] for a value
    /// above [`VALUE_BYTES_AT_MOST`]. [`Error::Io`] when durability could not be reached.
    async fn commit(&self, batch: Batch) -> Result<(), Error>;
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Which store to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum StoreConfig {
    /// State that is gone when the process ends: for tests and trials.
    Memory {},
    /// One directory on this machine, used by one process.
    Sled {
        /// The store's own directory; made when it is not there. Another process that opens it is refused.
        path: PathBuf,
    },
}

/// Opens the store that the configuration names.
///
/// # Errors
/// [`Error::Io`] when it cannot be reached or is in use, [`Error::Damaged`] when its content is not what was written.
pub async fn open(config: &StoreConfig) -> Result<Arc<dyn Store>, Error> {
    match config {
        StoreConfig::Memory {} => Ok(Arc::new(MemoryStore::new())),
        StoreConfig::Sled { path } => Ok(Arc::new(SledStore::open(path).await?)),
    }
}

/// Larger values belong into cold storage; embedded stores keep them in slow side files.
pub const VALUE_BYTES_AT_MOST: usize = 64 * 1024;
