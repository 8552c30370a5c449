//! Certificates made, read, spliced and chained, and read by other implementations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authority;
mod bounds;
mod chain;
mod constraints;
mod openssl;
mod profile;
mod raw;
mod request;
mod splice;
mod world;
