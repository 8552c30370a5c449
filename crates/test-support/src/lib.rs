//! What the tests of several packages share: today, how a test says that a program it needs is not there.
//!
//! Only tests use this crate; no service and no library links it.

mod need;

pub use need::{Need, REQUIRE_VARIABLE, SKIPS_VARIABLE};
