//! The alerts: as promtool judges them, each made to fire and to stay silent, over the measures of services that run.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on must fail"
)]

mod backup_cases;
mod cases;
mod dashboards;
mod exposed;
mod fired;
mod probe_cases;
mod rules;

use rules::Rules;
