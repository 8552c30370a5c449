//! Heads of the log: published, signed as a witness would, and remembered by the anchor.

pub(crate) mod anchor;
pub(crate) mod checkpoint_signer;
pub(crate) mod file_anchor;
pub(crate) mod memory_anchor;
pub(crate) mod published;
pub(crate) mod signer;
