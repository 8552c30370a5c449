//! The entries of Rekor v1: what a log takes and refuses, the exact bytes that it keeps, and how entries are named and
//! found.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod dsse;
mod hashedrekord;
mod identifier;
mod intoto;
mod list;
mod mutation;
mod search;
mod vectors;
mod world;
