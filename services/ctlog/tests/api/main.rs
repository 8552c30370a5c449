//! The log from outside: what it answers to authorities and to monitors.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]

mod log;
mod monitor;
mod world;
