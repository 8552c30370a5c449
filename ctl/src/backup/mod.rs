//! `sigctl backup`: an instance in one encrypted file, taken while its services run, and proven before it counts.

mod contents;
mod draft;
mod inspect;
mod name;
mod outside;
mod packer;
mod passphrase;
mod print;
mod prove;
mod refusal;
mod run;
mod scratch;
mod stored_log;
mod take;
mod unpack;
mod verify;

use clap::{Args, Subcommand};

use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(crate) use inspect::inspect;
pub(crate) use passphrase::Passphrase;
pub(crate) use print::{log_line, millis, size, span, steps};
pub(crate) use prove::{ProvenLog, Remembered, prove};
pub(crate) use scratch::Scratch;
pub(crate) use unpack::{Wanted, content_bytes, unpack};

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
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.verb {
        Some(Verb::Verify(arguments)) => {
            verify::run(arguments, output).await?;
            Ok(Exit::Done)
        }
        None => run::run(arguments.order, output).await,
    }
}
