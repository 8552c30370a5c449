//! Tokens that are no good, on every route that takes one.
//!
//! `cases/` is the table: each case is a sound token with one change, and what must become of it. The sound token is
//! accepted on the same route, so that whatever refuses, refuses the change. `world.rs` is an authority in
//! process with a file of issuers of every type, `issuers.yaml`; `key.rs` its issuers' keys; `draft.rs` tokens before they
//! are signed; `route.rs` the ways in. `incidents.rs` names what happened to others.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

mod case;
mod cases;
mod draft;
mod incidents;
mod key;
mod matrix;
mod route;
mod world;
