//! Signed notes: a text, and lines that sign it.
//!
//! Specification: C2SP signed-note v1 (c2sp.org/signed-note), with the key identifiers that Rekor v2
//! uses for ECDSA and RSA keys (Rekor v2 specification §4).
//!
//! Provided: notes, read and written byte for byte; key names and key identifiers; verification
//! with a named key.
//!
//! Deliberately absent: private keys (the text is signed where a signer stands), and the meaning of
//! the text (crate `checkpoint`).

#![warn(clippy::indexing_slicing)]

mod error;
mod name;
mod signed_note;
mod verifier_key;

pub use error::Error;
pub use name::{KeyId, KeyName};
pub use signed_note::{NoteSignature, SignedNote};
pub use verifier_key::VerifierKey;
