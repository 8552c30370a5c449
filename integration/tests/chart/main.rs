//! The chart, rendered by Helm and looked at as a cluster would: what is refused, what is made, and what each of the faults
//! that other charts have would look like here.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on must fail"
)]

mod alerts;
mod api_server;
mod backups;
mod beginnings;
mod bucket;
mod chart;
mod cluster;
mod compose;
mod configurations;
mod dashboards;
mod decoded;
mod faults;
mod image;
mod ingress;
mod keys;
mod mounted;
mod node;
mod objects;
mod outside;
mod played;
mod pods;
mod reach;
mod refusals;
mod restored;
mod rotated;
mod schema;
mod submission;
mod values;

use chart::{Chart, SECRETS};
use objects::Objects;
