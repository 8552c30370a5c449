//! What the tests of several packages share: how a test says that a program it needs is not there, an emulation of Vault,
//! and a directory.
//!
//! Only tests use this crate; no service and no library links it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod need;
pub mod slapd;
pub mod vault;

pub use need::{Need, REQUIRE_VARIABLE, SKIPS_VARIABLE};
