//! `sigctl log adopt`: makes the anchor of a log that has none on this machine. An operator answers for what nobody else can
//! know: that this copy is the newest, or that the log never had an entry.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_kit::causes;
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};

use super::stored::StoredLog;
use crate::failure::{Exit, Failure};
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
    /// Nothing is stored of the log because it never had an entry; it begins.
    #[arg(long)]
    empty: bool,
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
    let stored = log.head()?;
    let mut anchor = FileAnchor::new(&log.anchor);
    let failed = |error| Failure::file("use", &log.anchor, causes(&error));
    let known = anchor.load().map_err(failed)?;
    let head = match stored {
        Some(stored) => copy(&log, stored, known, arguments)?,
        None => nothing(&log, known, arguments)?,
    };
    anchor.store(&head).map_err(failed)?;
    let adopted = Adopted {
        origin: log.name,
        size: head.head.size,
        root_hash: hex::encode(head.head.root.as_bytes()),
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

/// The head to be adopted of what is stored.
fn copy(
    log: &StoredLog,
    stored: Anchored,
    known: Option<Anchored>,
    arguments: &Arguments,
) -> Result<Anchored, Failure> {
    // That of a log which never had an entry was not made by this one.
    let of_another = |known: &Anchored| known.is_beginning() && stored.head.size > 0;
    if let Some(known) = known.filter(|known| !of_another(known)) {
        return Err(refuse(log, &known, &stored));
    }
    if arguments.empty {
        return Err(needless(log, "is not empty here; leave out --empty"));
    }
    if !arguments.yes {
        return Err(unconfirmed(log, &stored));
    }
    Ok(stored)
}

/// The head to be adopted where nothing is stored.
fn nothing(
    log: &StoredLog,
    known: Option<Anchored>,
    arguments: &Arguments,
) -> Result<Anchored, Failure> {
    match known {
        Some(known) if known.is_beginning() => {
            return Err(needless(log, "has its anchor on this machine"));
        }
        Some(known) => return Err(lost(log, &known)),
        None if log.has_tiles() => return Err(unknown(log)),
        None => {}
    }
    if !arguments.empty {
        return Err(unknown(log));
    }
    if !arguments.yes {
        return Err(Failure::new(
            "E-CTL-050",
            format!(
                "nothing of {} is stored here; if it ever had an entry, it would begin again under the same key, and whoever \
                 holds proofs of the old entries would see a fork",
                log.name
            ),
            "make sure that it never took an entry, here or elsewhere; then repeat with --empty --yes",
        ));
    }
    Ok(Anchored::beginning())
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

/// The anchor trails by a moment, so that one of no entries does not say that there were none.
fn lost(log: &StoredLog, known: &Anchored) -> Failure {
    Failure::new(
        "E-CTL-052",
        format!(
            "the anchor of {} knows that it was opened and had {} entries, and nothing of it is stored here",
            log.name, known.head.size
        ),
        "mount the disk of its data, or restore the newest copy; if there is none, open a successor",
    )
}

/// Nothing says whether there ever was anything.
fn unknown(log: &StoredLog) -> Failure {
    Failure::new(
        "E-CTL-495",
        format!(
            "no round of {} is stored in {}, so there is nothing to adopt",
            log.name,
            log.data.display()
        ),
        "mount the disk of its data, or restore the newest copy; only a log that never had an entry is adopted without, with \
         --empty",
    )
    .exit(Exit::Refused)
}

fn needless(log: &StoredLog, why: &str) -> Failure {
    Failure::new(
        "E-CTL-052",
        format!("{} {why}", log.name),
        "start the instance with `sigctl up`, and see `sigctl log info` if the log takes no entries",
    )
}
