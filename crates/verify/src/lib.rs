//! From bundle, artifact and trusted root to an accepted identity, or the check that failed.
//!
//! Specifications: Sigstore client specification §4 (verification), sigstore/protobuf-specs v0.5 (bundles 0.1 to 0.3 as
//! protobuf-JSON), Rekor v1 types (hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.2) and Rekor v2 specification §6.1
//! (hashedrekord 0.0.2) with dsse 0.0.2 of its first servers, DSSE v1.0.2, in-toto Statement v1.
//!
//! Provided: [`Verifier`], which runs all checks of one bundle in a fixed order; [`Bundle`] and its JSON form
//! ([`json`]); [`Policy`], what is asked for; [`Accepted`], what was found; [`Failure`], which names the [`Check`] that
//! failed by a stable code.
//!
//! Deliberately absent: the network and the clock. Everything that a decision depends on is in the arguments, so the
//! same bundle verifies the same way for ever.

#![warn(clippy::indexing_slicing)]

mod accepted;
mod artifact;
mod body;
mod bundle;
mod certificate;
mod content;
mod failure;
pub mod json;
mod log_entry;
mod policy;
mod time;
mod trust;
mod verifier;

pub use accepted::{Accepted, Signer, TimeSource, VerifiedTime};
pub use artifact::Artifact;
pub use bundle::{Bundle, Content, LogEntry, Material, MediaType, Proof};
pub use failure::{Check, Failure};
pub use policy::Policy;
pub use verifier::Verifier;
