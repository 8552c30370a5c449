//! `sigctl version`: which sigctl this is.

use clap::Args;
use serde::Serialize;

use crate::output::Output;

/// Nothing to choose.
#[derive(Args)]
pub(crate) struct Arguments {}

#[derive(Serialize)]
struct Version {
    version: &'static str,
    commit: &'static str,
}

pub(crate) fn run(Arguments {}: Arguments, output: Output) {
    let version = Version {
        version: VERSION,
        commit: COMMIT,
    };
    output.print(&version, |_| format!("sigctl {LONG}"));
}

/// The release.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, as the build script found it.
const COMMIT: &str = env!("SIGSTEAD_COMMIT");

/// The release and the commit that it was built from.
pub const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("SIGSTEAD_COMMIT"),
    ")"
);
