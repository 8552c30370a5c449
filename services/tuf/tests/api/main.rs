//! The repository from outside, over its router.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod check;
mod client_page;
mod expiry;
mod grpc;
mod http;
mod online_keys;
mod publishing;
mod refusals;
mod world;

use std::time::Duration;

use time::OffsetDateTime;

const DAY: Duration = Duration::from_secs(86_400);

/// A time as metadata has it.
fn whole(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap()
}
