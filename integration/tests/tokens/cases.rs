//! The table, by what is changed.

mod audience;
mod build;
mod claim_types;
mod format;
mod header;
mod issuer_name;
mod payload;
mod person;
mod rule;
mod signature;
mod time_claims;
mod workload;

use crate::case::Case;

/// All of it.
pub(crate) fn all() -> Vec<Case> {
    let parts = [
        format::cases(),
        payload::cases(),
        header::cases(),
        signature::cases(),
        time_claims::cases(),
        audience::cases(),
        issuer_name::cases(),
        person::cases(),
        workload::cases(),
        build::cases(),
        rule::cases(),
    ];
    parts.into_iter().flatten().collect()
}
