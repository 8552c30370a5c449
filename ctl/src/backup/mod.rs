//! `sigctl backup`: an instance in one encrypted file or object, taken while its services run, and proven before it counts.

mod contents;
mod draft;
mod goal;
mod inspect;
mod list;
mod log_keys;
mod measured;
mod name;
mod newest;
mod outside;
mod packer;
mod passphrase;
mod place;
mod print;
mod prove;
mod refusal;
mod run;
mod scratch;
mod shelf;
mod stored_log;
mod subject;
mod take;
mod taken;
mod target;
mod unpack;
mod verify;
mod volume;

use clap::{Args, Subcommand};

use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(crate) use inspect::inspect;
pub(crate) use log_keys::refuse_unknown_keys;
pub(crate) use measured::replace as replace_measures;
pub(crate) use newest::newest;
pub(crate) use passphrase::Passphrase;
pub(crate) use place::{Named, Place};
pub(crate) use print::{log_line, millis, size, span, steps};
pub(crate) use prove::{AnchorState, ProvenLog, Remembered, prove};
pub(crate) use run::{Making, take};
pub(crate) use scratch::Scratch;
pub(crate) use subject::Subject;
pub(crate) use taken::Taken;
pub(crate) use target::Target;
pub(crate) use unpack::{Layout, Wanted, content_bytes};
pub(crate) use volume::{Mounted, Volume};

/// What is backed up, or which backup is looked at.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    allow_missing_positional = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    order: run::Order,
}

#[derive(Subcommand)]
enum Verb {
    /// Read a backup to its end and prove that all of it is there; no instance is needed.
    Verify(verify::Arguments),
    /// List the backups in a folder or a bucket, and what interrupted ones left there.
    List(list::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.verb {
        Some(Verb::Verify(arguments)) => {
            verify::run(arguments, output).await?;
            Ok(Exit::Done)
        }
        Some(Verb::List(arguments)) => list::run(arguments, output).await,
        None => run::run(arguments.order, output).await,
    }
}
