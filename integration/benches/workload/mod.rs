//! What both benches share: requests, the generator that sends them, and the accounts of processes and machine.
//!
//! Everything that is sent is made before the clock starts. A measurement has a warm-up, which does not count, and a
//! window, which does: rate, latency, processor time and the machine's own are those of the window.

pub(crate) mod answers;
mod connection;
mod drive;
mod entries;
mod floor;
mod machine;
mod measured;
mod usage;

pub(crate) use connection::{Connection, Target};
pub(crate) use drive::{Arrivals, Load, Span, drive};
pub(crate) use entries::{SigningKey, artifact_digest, pem, v2_entries};
pub(crate) use floor::Floors;
pub(crate) use machine::Moment;
pub(crate) use measured::Measured;
pub(crate) use usage::Usage;
