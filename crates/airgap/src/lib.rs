//! The archive that is carried to where no network leads: its list, its volumes, its images.
//!
//! Specification: ADR 36 for the list and the volumes; OCI image layout and image manifest 1.1 for images.
//!
//! An archive is a folder: `manifest.json`, the list of everything; signatures over it, which a caller checks before it asks
//! for anything here; and the folders `0001`, `0002` and so on, the volumes, each of which may come on a medium of its own. A file
//! lies in one volume under its own name, or in pieces in several. There is no format to unpack: what is read are regular files
//! whose names, lengths and hashes are known before.
//!
//! Provided: [`Manifest`], which is the list and refuses one that could not be laid out; [`Plan`], which divides files among
//! volumes and writes them, and goes on where it stopped; [`Medium`], which finds everything that is not as the list says, and
//! reads files; [`Layout`], which finds everything that belongs to an image, with the signatures and attestations about it.
//!
//! File map: `name.rs` names and hashes; `record.rs` what it says of a file; `manifest.rs` the list; `placement.rs` which paths its files have; `source.rs`
//! what goes in; `plan.rs` how files are divided and written; `medium.rs` how they are found; `chunks.rs` how they are read; `layout.rs` images; `error.rs` what is refused.
//!
//! Deliberately absent: signatures and who is believed; registries; compression, since images and programs are compressed or
//! signed as they are.

#![warn(clippy::indexing_slicing)]

mod chunks;
mod error;
mod layout;
mod manifest;
mod medium;
mod name;
mod placement;
mod plan;
mod record;
mod source;

pub use error::{Error, FormError};
pub use layout::{Carrier, Layout, LayoutError, Stored};
pub use manifest::{FORMAT, Flaws, ImageRecord, Manifest};
pub use medium::{Fault, Finding, Medium};
pub use name::{FileName, NameError, Sha256};
pub use placement::{MANIFEST, SIGNATURES, volume_name};
pub use plan::{Plan, Written};
pub use record::{FileRecord, Kind, Piece};
pub use source::{Content, Source};
