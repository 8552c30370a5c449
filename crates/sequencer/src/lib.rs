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
//! File map: `log.rs` the handle; `engine.rs` the thread; `round.rs` one round; `edge.rs` the right edge in memory;
//! `edge_tile.rs` its tiles; `bundle.rs` the files of a bundle; `tree.rs` tiles and proofs of any size, `cold_tree.rs`
//! those from cold storage; `cold_bundle.rs` the entries there, `bundle_reader.rs` bundles while they are sent; `add.rs` the way of an entry, `queue.rs` where it waits; `shared.rs` what thread, tasks and
//! handles have in common; `recovery.rs` what happens at start, with `rebuild.rs` for the edge; `failure.rs` why a
//! round was not committed, `hindrance.rs` what becomes of that; `pause.rs` what the operator decides, and `pause_reason.rs` why; `keeper.rs` the
//! background tasks; `known.rs` what is in the log already; `follower.rs` other indexes of it; `anchor.rs`,
//! `head_signer.rs`, `checkpoint_signer.rs` and `leaf.rs` the seams, `tile_leaves.rs` the leaves of CT logs; `cold_paths.rs` what there is in cold storage; `cosigner.rs` what witnesses have to do with it;
//! `audit.rs` the whole log read again; `config.rs`.
//!
//! Entries that are submitted again are recognised, whenever they were logged, by an [`sigstead_index::Index`] that follows the
//! log.
//!
//! Deliberately absent: leader election, retries after a failed sync, and any knowledge of what an entry means
//! ([`LeafFormat`] has that).

mod add;
mod anchor;
mod audit;
mod bundle;
mod bundle_reader;
mod checkpoint_signer;
mod cold_bundle;
mod cold_paths;
mod cold_tree;
mod config;
mod cosigner;
mod edge;
mod edge_tile;
mod engine;
mod error;
mod failure;
mod follower;
mod head_signer;
mod hindrance;
mod keeper;
mod known;
mod leaf;
mod log;
mod pause;
mod pause_reason;
mod queue;
mod rebuild;
mod recovery;
mod round;
mod shared;
mod tile_leaves;
mod tree;

pub use add::{Announced, Included};
pub use anchor::{Anchor, AnchorClaim, AnchorError, Anchored, FileAnchor, MemoryAnchor};
pub use audit::Audited;
pub use bundle_reader::BundleReader;
pub use checkpoint_signer::CheckpointSigner;
pub use cold_paths::cold_paths;
pub use config::LogConfig;
pub use cosigner::{Cosigning, WithoutQuorum};
pub use error::Error;
pub use follower::Follower;
pub use head_signer::{HeadSigner, HeadSignerError};
pub use leaf::{EntryLeaves, LeafFormat, LeafFormatError, PendingEntry, SealError, SealedEntry};
pub use leaf::{RecordedEntry, StoredLeaf};
pub use log::{Clock, Health, Log, LogParts};
pub use pause_reason::{PauseReason, PauseReasonError};
pub use shared::PublishedHead;
pub use tile_leaves::TileLeaves;
