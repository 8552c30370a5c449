//! Asks witnesses to cosign the checkpoints of a log.
//!
//! Specifications: C2SP tlog-witness v1, the log's side (c2sp.org/tlog-witness), C2SP tlog-cosignature v1.1 with the
//! Ed25519 type `cosignature/v1` (c2sp.org/tlog-cosignature), and C2SP tlog-policy (c2sp.org/tlog-policy), in the editors'
//! copies of November 2026.
//!
//! Provided: the keys of witnesses and the cosignatures that verify under them; policies, which name witnesses and say
//! which of them suffice; and [`Witnesses`], which submits a checkpoint to all witnesses of a policy at once, with the
//! consistency proof that each of them needs, and gathers what they sign. A witness that has seen more of the log than the
//! log itself gives away an old copy: [`Failure::Ahead`].
//!
//! File map: `vkey.rs` verifier keys as text; `cosigner_key.rs` keys and cosignatures; `policy.rs` policies, with
//! `policy/reader.rs` for their text; `transport.rs` HTTP; `add_checkpoint.rs` the request; `submission.rs` the exchange with one witness; `witnesses.rs`
//! the exchange with all of them; `failure.rs` why a witness did not cosign.
//!
//! Deliberately absent: the witness' own side; ML-DSA-44 cosignatures, whose lines are ignored; a record of what witnesses
//! have seen, since each tells it when asked; retries beyond the sizes that a witness corrects, since the next checkpoint is
//! the retry.

#![warn(clippy::indexing_slicing)]

mod add_checkpoint;
mod box_error;
mod cosigner_key;
mod error;
mod failure;
mod policy;
mod submission;
mod transport;
mod vkey;
mod witnesses;

pub use add_checkpoint::AddCheckpoint;
pub use box_error::BoxError;
pub use cosigner_key::{Cosignature, CosignerKey};
pub use error::{Error, PolicyError};
pub use failure::Failure;
pub use policy::{Policy, PolicyLog, Witness, WitnessName};
pub use submission::ConsistencySource;
pub use transport::{Answer, HttpTransport, MAX_ANSWER_BYTES, Transport, TransportError};
pub use witnesses::{Outcome, Witnesses};
