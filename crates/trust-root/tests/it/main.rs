//! The documents, the state that they come from, and TUF metadata.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authorities;
mod documents;
mod faults;
mod metadata;
mod publication;
mod state;
mod world;
