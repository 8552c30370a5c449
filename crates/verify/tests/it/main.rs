//! Bundles of a virtual instance, good ones and forged ones, and bundles that others made.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocked;
mod chain;
mod foreign;
mod forged;
mod hash;
mod policy;
mod recipe;
mod spelling;
mod valid;
mod world;
