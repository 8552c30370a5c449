//! The layout of a log as static files: tiles of hashes, bundles of entries, and their paths.
//!
//! Specification: C2SP tlog-tiles v1 (c2sp.org/tlog-tiles).
//!
//! Provided: coordinates with their paths, both ways; tiles and the nodes inside them; bundles of
//! entries framed by their lengths; the arithmetic of partial widths.
//!
//! Deliberately absent: where the files lie (crate `cold`), what an entry is (crates `entry` and
//! `ct`; the entries of `tile/data` frame themselves), compression, and the checkpoint.

#![warn(clippy::indexing_slicing)]

mod bundle;
mod coordinate;
mod error;
mod path;
mod tile;

pub use bundle::{BundleKind, EntryBundle, EntryBundleCoordinate, MAX_ENTRY_LENGTH, frame};
pub use coordinate::{NodePlace, TILE_HEIGHT, TileCoordinate, partial_width};
pub use error::Error;
pub use path::TILE_WIDTH;
pub use tile::Tile;
