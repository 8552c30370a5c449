//! Instances made, started, looked at and stopped by `sigctl`, with programs in the services' place.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;
mod identity;
mod manners;
mod start;
mod world;
