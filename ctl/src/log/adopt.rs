use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_kit::causes;
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};

use super::stored::StoredLog;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;

/// What is adopted.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
    /// The log's name, or its host if no other log has it.
    #[arg(long)]
    log: Option<String>,
    /// Really take this copy for the newest one: what it lacks is lost.
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Adopted {
    origin: String,
    size: u64,
    root_hash: String,
    anchor: PathBuf,
}

/// Makes a new anchor for a log whose anchor is not on this machine, over the head that is stored here and no other: if
/// the data change until the service starts, it notices that they do not fit.
pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let log = StoredLog::find(&instance, arguments.log.as_deref())?;
    let Some(stored) = log.head()? else {
        return Err(needless(&log, "was never opened and has nothing to adopt"));
    };
    let mut anchor = FileAnchor::new(&log.anchor);
    let failed = |error| Failure::file("use", &log.anchor, causes(&error));
    if let Some(known) = anchor.load().map_err(failed)? {
        return Err(refuse(&log, &known, &stored));
    }
    if !arguments.yes {
        return Err(unconfirmed(&log, &stored));
    }
    anchor.store(&stored).map_err(failed)?;
    let adopted = Adopted {
        origin: log.name,
        size: stored.head.size,
        root_hash: hex::encode(stored.head.root.as_bytes()),
        anchor: log.anchor,
    };
    output.print(&adopted, |adopted| {
        format!(
            "adopted {} at {} entries, root {}; it takes entries when its service is started again",
            adopted.origin, adopted.size, adopted.root_hash
        )
    });
    Ok(())
}

fn unconfirmed(log: &StoredLog, stored: &Anchored) -> Failure {
    let (size, root) = (stored.head.size, hex::encode(stored.head.root.as_bytes()));
    Failure::new(
        "E-CTL-050",
        format!(
            "{} has {size} entries here, root {root}; what it took after this copy was made would be lost, and a copy \
             that still runs elsewhere would be another log under the same key",
            log.name
        ),
        "make sure that no newer copy exists and that none runs elsewhere; then repeat with --yes",
    )
}

/// With an anchor there is nothing to adopt, and one that knows more is right.
fn refuse(log: &StoredLog, known: &Anchored, stored: &Anchored) -> Failure {
    let (known, stored) = (known.head.size, stored.head.size);
    if known <= stored {
        return needless(log, "has its anchor on this machine");
    }
    Failure::new(
        "E-CTL-052",
        format!(
            "the anchor of {} knows {known} entries, and this copy has {stored}: clients hold proofs of the others",
            log.name
        ),
        "restore the newest copy; if there is none, let the log stay read-only and open a successor",
    )
}

fn needless(log: &StoredLog, why: &str) -> Failure {
    Failure::new(
        "E-CTL-052",
        format!("{} {why}", log.name),
        "start the instance with `sigctl up`, and see `sigctl log info` if the log takes no entries",
    )
}
