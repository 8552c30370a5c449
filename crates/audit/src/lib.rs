//! The record of what administrators did, in which every change shows.
//!
//! A record names the one before it by its SHA-256, and a head beside them, or on another disk, says how many there are and
//! what the last one is. `docs/adr/0017` says what each of the two catches.
//!
//! Provided: [`Acts`], which a service writes ([`sigstead_kit::Recorder`]); [`read`], which finds what was changed and needs no
//! running service; [`Head`], which an operator may keep elsewhere. Absent on purpose: a way to take a record back, and an end
//! of records by age.

mod acts;
mod chain;
mod defect;
mod error;
mod head;
mod place;
mod record;
mod recorder;

pub use acts::Acts;
pub use chain::{Found, read};
pub use defect::Defect;
pub use error::Error;
pub use head::{Head, ParseHeadError};
pub use place::Place;
pub use record::{Event, Outcome, Record, Who};
pub use recorder::recorded;
