//! The log from outside: what it answers to authorities and to monitors.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]

mod authorities;
mod check;
mod grpc;
mod log;
mod monitor;
mod pause;
mod refusals;
mod shards;
mod start;
mod submitters;
mod world;
