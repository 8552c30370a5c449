//! The record of what an authority was about to issue, and did, durable before a certificate leaves.
//!
//! The format of the files is this crate's own: segments, each a [`RecordFile`](sigstead_store::RecordFile) whose records
//! are an [`Issuance`] in JSON.
//!
//! Provided: the [`IssuanceRecord`] seam with [`open`], [`FileRecord`] and [`MemoryRecord`] behind it; [`read_page`] for
//! the files of an authority that does not run; the [`conformance`] suite that every record passes;
//! [`UsedTokens`], for tokens that are good for one issuance. Absent on purpose: tokens and private keys, for which an
//! [`Issuance`] has no field; changing or deleting one issuance; agreeing with other processes on what was used.
//!
//! File map: `issuance.rs` what is recorded; `query.rs` how it is found and `address.rs` under which
//! names; `config.rs`; `file.rs` the record in files, with
//! `file/segment.rs` their names, `file/writer.rs` the thread that writes, `file/retention.rs` what is beyond the retention
//! and `file/scan.rs` what reads; `memory.rs` the record of tests; `used_tokens.rs` the tokens that are good for one issuance,
//! with `used_tokens/known.rs` what is known of them, `used_tokens/file.rs` their file and `used_tokens/writer.rs` the thread
//! that writes it; of both writers `queue.rs` is the queue and `health.rs` tells how they do; `conformance.rs`; `error.rs`.

mod address;
mod config;
pub mod conformance;
mod error;
mod file;
mod health;
mod issuance;
mod memory;
mod query;
mod queue;
mod used_tokens;

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use sigstead_kit::Clock;

pub use address::{hashed_address, recorded_forms};
pub use config::RecordConfig;
pub use error::Error;
pub use file::{FileRecord, read_page};
pub use issuance::{Issuance, Logged, Outcome, Stage};
pub use memory::MemoryRecord;
pub use query::{Cursor, Order, Page, Query};
pub use used_tokens::{TokenUse, UseError, UsedTokens};

/// What an authority was about to issue, and did.
///
/// A record MUST have made a state durable before the future of `append` answers `Ok`, and MUST keep the states of one
/// issuance in the order in which they were appended. After a crash it MUST tell every issuance whose first state was
/// durable; one that was still open is [`Outcome::Interrupted`] from then on. It MUST NOT give up after a failure that
/// passes by itself, such as a full disk: the next `append` tries again.
#[async_trait]
pub trait IssuanceRecord: Send + Sync {
    /// Appends the state of an issuance. It is in the queue when the call returns, and durable when the future answers `Ok`;
    /// dropping the future does not withdraw it.
    fn append(&self, issuance: &Issuance) -> BoxFuture<'static, Result<(), Error>>;

    /// Appends a state that nobody waits for. It costs no sync of its own: it is durable once a later state is, or after a
    /// second. A state that there is no room for is left out, because a later one of its issuance tells more.
    fn note(&self, issuance: &Issuance);

    /// Whether it takes what it is given, as far as the last attempt tells. A record that does not MUST try again by itself:
    /// nobody appends while it says so.
    ///
    /// # Errors
    /// [`Error::NotRecorded`], [`Error::Damaged`] or [`Error::Stuck`].
    fn check(&self) -> Result<(), Error>;

    /// The issuances that a query asks for, one page of them: each once, in its last state.
    ///
    /// # Errors
    /// [`Error::Read`] if the record cannot be read, [`Error::Damaged`] if it is not what was written.
    async fn page(&self, query: &Query) -> Result<Page, Error>;
}

/// Opens the record that a configuration names.
///
/// # Errors
/// As [`FileRecord::open`].
pub fn open(
    config: &RecordConfig,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn IssuanceRecord>, Error> {
    Ok(Arc::new(FileRecord::open(config, clock)?))
}
