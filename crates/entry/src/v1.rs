//! The entries of Rekor v1: checked, written in their canonical form, named and found.
//!
//! Specifications: the entry types of sigstore/rekor v1.5 (`pkg/types/{hashedrekord,dsse,intoto}`), its identifiers
//! (`pkg/sharding`) and its search (`openapi.yaml`, `SearchIndex`); RFC 8785.
//!
//! Provided: `hashedrekord` 0.0.1, `dsse` 0.0.1, `intoto` 0.0.1 and 0.0.2 as [`ProposedEntry`] and [`VerifiedEntry`];
//! [`TreeId`] and [`EntryId`]; [`SearchTerm`]s of entries and of a [`SearchQuery`]; the bytes that a signed entry
//! timestamp signs.
//!
//! Deliberately absent: the kinds that clients of today do not need (`rekord`, `rpm`, `jar`, `cose`, `rfc3161`,
//! `alpine`, `helm`, `tuf`), which are refused by name; anything fetched from a URL; attestations kept beside the log.
//!
//! Files: one for each kind (`hashedrekord`, `dsse`, `intoto`), which stand on `envelope` (DSSE) and `verifier` (PEM);
//! `canonical` holds the bodies; `term`, `statement` and `query` the search; `id` and `promise` the rest.

mod canonical;
mod dsse;
mod encoding;
mod envelope;
mod error;
mod hashedrekord;
mod id;
mod intoto;
mod kind;
mod promise;
mod proposed;
mod query;
mod statement;
mod term;
mod verifier;

pub use error::Error;
pub use id::{EntryId, TreeId};
pub use kind::Kind;
pub use promise::signed_entry_timestamp_input;
pub use proposed::{ProposedEntry, VerifiedEntry};
pub use query::{Operator, SearchQuery};
pub use term::{SearchTerm, search_terms_of};
