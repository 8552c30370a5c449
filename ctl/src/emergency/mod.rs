//! `sigctl emergency`: a key is in other hands, and nothing counts any more that it signed since.
//!
//! What the key signed is looked for first, in the record of issuances, the CT log and the logs of signatures; then the trust
//! root lets nothing of it count, and files say to users and verifiers what they have to know. `plan` does all of that but the
//! change.

mod act;
mod affected;
mod asked;
mod certificates;
mod ct_entries;
mod entries;
mod files;
mod key;
mod notice;
mod plan;
mod remedy;
mod search;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use self::asked::Asked;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// What is done.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what ending a key would do, and what it signed since; nothing is changed.
    Plan(Plan),
    /// Let nothing count any more that a key signed since a time, and publish that.
    EndKey(EndKey),
}

#[derive(Args)]
#[command(after_help = ENDS)]
struct Plan {
    #[command(flatten)]
    asked: Asked,

    /// Write the files that `end-key` would write into this folder, which must not be there.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = ENDS)]
struct EndKey {
    #[command(flatten)]
    asked: Asked,

    /// Really end it: what is published cannot be taken back.
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Plan(plan) => act::plan(plan.asked, plan.out.as_deref(), output).await,
        Verb::EndKey(end) => act::end(end.asked, end.yes, output).await,
    }
}

const ENDS: &str = "\
Ends with 3 if something did not answer that was asked for what the key signed, so that the lists may lack something.";
