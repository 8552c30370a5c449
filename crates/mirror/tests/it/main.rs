//! Copies of a log that are brought by carriers of all kinds.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail"
)]

mod form;
mod grows;
mod reads;
mod refused;
mod world;
