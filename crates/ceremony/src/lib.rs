//! A root of TUF that m of n people sign, and the targets under it if they hold their keys too, each on a machine of her own; and
//! certificates that the key of a root signs while m of n people witness it: drafts, partial signatures, transcripts.
//!
//! Specifications: TUF specification 1.0.34 §5.3 and §6.1 for what a root has to be signed with; RFC 5280 §4 and RFC 3161 §2.3
//! for certificates; BIP 39 for digests in words.
//!
//! Provided: the [`Draft`] of the next root, which is the whole input of a ceremony; the [`Join`] of a holder, who proves that
//! she has the key that she brings; the [`TargetsDraft`] of the versions that are signed ahead; the [`OnlineKeys`] that the office brings; the [`Proposal`] that both make, told in sentences, with its [`Digest`] in words and the
//! rules that it keeps; a [`Partial`] signature, and the root that enough of them make in any order; the [`Transcript`] with
//! which a stranger checks all of it again. [`certificates`] has the same for the root of an authority and what it issues.
//!
//! Deliberately absent: files, clocks, randomness and private keys. The caller gives the time, takes the bytes to sign and
//! hands the signatures back.

mod assembly;
pub mod certificates;
mod clock;
mod draft;
mod encoding;
mod error;
mod holder;
mod join;
mod lint;
mod name;
mod online;
mod partial;
mod proposal;
mod sentences;
mod statement;
mod tally;
mod targets;
mod transcript;
mod words;

pub use assembly::tally;
pub use draft::{Draft, Occasion, Wish};
pub use error::Error;
pub use holder::Holder;
pub use join::{Join, JoinStatement};
pub use lint::{lint, lint_draft, rehearsal, signing_keys};
pub use name::{HolderName, ParseHolderNameError};
pub use online::{OnlineKey, OnlineKeys};
pub use partial::{Partial, Signatures, ToSign};
pub use proposal::Proposal;
pub use sentences::sentences;
pub use statement::Statement;
pub use tally::{Count, Tally};
pub use targets::{Planned, TargetsBefore, TargetsDraft, TargetsVersion};
pub use transcript::Transcript;
pub use words::Digest;
