//! Precertificates, SCTs and log leaves.
//!
//! Specifications: RFC 6962 §3 (SCTs, leaves, tree heads) with the TLS presentation of RFC 5246 §4, and C2SP
//! static-ct-api v1.0 (leaf index extension, data tiles, note signatures of type 0x05).
//!
//! Provided: [`SignedCertificateTimestamp`] and lists of them; [`SignedEntry`] and [`TimestampedEntry`], what an SCT
//! and a leaf are over; [`TileLeaf`], an entry as data tiles hold it; [`AcceptedChain`], a submission that a log takes;
//! tree heads as static-ct-api signs them.
//!
//! Deliberately absent: RFC 9162 (version 2) structures, precertificate signing certificates, and private keys.

mod chain;
mod entry;
mod error;
mod sct;
mod tile_leaf;
mod tls;
mod tree_head;

pub use chain::{AcceptedChain, EntryKind};
pub use entry::{
    IssuerKeyHash, SignedEntry, TimestampedEntry, leaf_index_extension, leaf_index_of,
};
pub use error::Error;
pub use sct::{DigitallySigned, SignedCertificateTimestamp, embedded_in, encode_list, parse_list};
pub use tile_leaf::TileLeaf;
pub use tree_head::{TreeHeadSignature, tree_head_input};
