//! Pending entries in, tiles and a checkpoint out, over `Journal`, `ColdStorage` and `Signer`.
//!
//! The published form of a log is that of C2SP tlog-tiles, tlog-checkpoint and static-ct-api; its tree is that of RFC
//! 6962 §2.1 (commits of November 2026).
//!
//! [`Log::add`] hands a [`PendingEntry`] to the log's own thread. That thread takes whatever has arrived, seals it,
//! signs the new head as a witness would, commits all of it as one round (one sync of the journal), and wakes each
//! caller with its index, its inclusion proof and the checkpoint. No round waits to fill: an idle log commits a single
//! entry at once, a busy one batches by itself, and waits a moment for entries that are on their way
//! ([`Log::announce`]). Behind it, one task writes full tiles and bundles to cold storage and lets the journal forget
//! them, and another keeps the [`Anchor`] within half a second of the published head.
//!
//! Reads are answered from memory for the right edge and from cold storage for the rest; what comes from cold storage
//! is checked against the tree before it is used.
//!
//! Where to read on, from the ground up; no file imports from one that is further down this list:
//!
//! - The words: `entry.rs`, `leaf_format.rs` with `tile_leaves.rs`, `head/` with the seams [`HeadSigner`] and [`Anchor`],
//!   `error.rs`, `lock.rs`, `config.rs`, `cosigning.rs`, `parts.rs`, `included.rs`, `health.rs`, `pause_reason.rs`.
//! - `tree/`: the edge in memory, what is full in cold storage, and every tile, entry and proof of both;
//!   `bundle_reader.rs` bundles while they are sent.
//! - `feed.rs` and `known.rs`: which entries the log has.
//! - `queue/`: what waits, and how far the life of the log has come; `pause.rs`, `hindrance.rs` and `backlog.rs`: what keeps
//!   entries out for now.
//! - `state.rs`: what all of the following share, and who writes which of it.
//! - `round/`: the thread. `engine.rs` tells in which order a round becomes durable; `drafter.rs` judges what was submitted,
//!   `committer.rs` signs and commits, `cosigner.rs` asks witnesses.
//! - `keeper/`: the three tasks behind the thread.
//! - `recovery.rs`: what happens at start. `add.rs`: the way of an entry. `log.rs`: the handle. `follower.rs`: other
//!   indexes of the log.
//!
//! Entries that are submitted again are recognised, whenever they were logged, by an [`sigstead_index::Index`] that follows the
//! log.
//!
//! Deliberately absent: leader election, retries after a failed sync, and any knowledge of what an entry means
//! ([`LeafFormat`] has that).

mod add;
mod backlog;
mod bundle_reader;
mod config;
mod cosigning;
mod entry;
mod error;
mod feed;
mod follower;
mod head;
mod health;
mod hindrance;
mod included;
mod keeper;
mod known;
mod leaf_format;
mod lock;
mod log;
mod parts;
mod pause;
mod pause_reason;
mod queue;
mod recovery;
mod round;
mod state;
mod tile_leaves;
mod tree;

pub use add::Announced;
pub use bundle_reader::BundleReader;
pub use config::{Clock, LogConfig};
pub use cosigning::{Cosigning, WithoutQuorum};
pub use entry::{PendingEntry, RecordedEntry, SealError, SealedEntry};
pub use error::Error;
pub use follower::Follower;
pub use head::anchor::{Anchor, AnchorClaim, AnchorError, Anchored};
pub use head::checkpoint_signer::CheckpointSigner;
pub use head::file_anchor::FileAnchor;
pub use head::memory_anchor::MemoryAnchor;
pub use head::published::PublishedHead;
pub use head::signer::{HeadSigner, HeadSignerError};
pub use health::Health;
pub use included::Included;
pub use leaf_format::{EntryLeaves, LeafFormat, LeafFormatError, StoredLeaf};
pub use log::Log;
pub use parts::LogParts;
pub use pause_reason::{PauseReason, PauseReasonError};
pub use tile_leaves::TileLeaves;
pub use tree::layout::cold_paths;
