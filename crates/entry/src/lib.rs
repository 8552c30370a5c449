//! The entries of a log of signing events: checked, and written in their canonical form.
//!
//! Specifications: Rekor v2 (architecture-docs, `rekor-v2-spec.md`, §6.1 `hashedrekord` 0.0.2), the
//! entry types of Rekor v1 (sigstore/rekor v1.5, `pkg/types`), RFC 8785 (canonical JSON), DSSE v1.0.2
//! (pre-authentication encoding).
//!
//! Provided: proposed entries, whose signature is verified before anything else can be done with
//! them; the canonical body, from a verified entry or rebuilt by a verifier; bodies read back. The
//! same for Rekor v1, with its identifiers and searches, in [`v1`].
//!
//! Deliberately absent: chains of certificates and their validity, which a log does not judge (Rekor
//! v2 specification §6.2); entries of kind `dsse` in Rekor v2, which are written as
//! `hashedrekord` over the pre-authentication encoding; the wire (crate `proto` and the services).

#![warn(clippy::indexing_slicing)]

mod body;
mod dsse;
mod error;
mod proposed;
pub mod v1;
mod verified;
mod verifier;

pub use body::{CanonicalEntry, rebuild_hashedrekord};
pub use dsse::pae;
pub use error::Error;
pub use proposed::ProposedEntry;
pub use verified::VerifiedEntry;
pub use verifier::Verifier;

/// The kind of every entry of this version.
pub const KIND: &str = "hashedrekord";
/// The version of that kind.
pub const API_VERSION: &str = "0.0.2";
/// The longest body that fits into a bundle of entries (c2sp.org/tlog-tiles §Log Entries).
pub const MAX_BODY_LENGTH: usize = u16::MAX as usize;
