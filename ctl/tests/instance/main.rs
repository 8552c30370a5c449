//! Instances made, started, looked at and stopped by `sigctl`, with programs in the services' place.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod backup;
mod browsers;
mod clients;
mod doctor;
mod emergency;
mod files;
mod identity;
mod issuers;
mod laid_out;
mod manners;
mod manual;
mod proxy;
mod start;
mod systemd;
mod trust_history;
mod world;
