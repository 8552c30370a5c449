//! Bundles of a virtual instance, good ones and forged ones, and bundles that others made.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod foreign;
mod forged;
mod recipe;
mod valid;
mod world;
