//! `sigctl airgap`: Sigstead itself in one archive, carried by people who need not be trusted.

mod belief;
mod contents;
mod create;
mod image;
mod load;
mod push;
mod refusal;
mod repair_list;
mod source;
#[cfg(test)]
mod tests;
mod verify;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

/// What is done with an archive.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Write an archive, signed: programs, images, chart, manual and what else is named, in volumes.
    Create(Box<create::Arguments>),
    /// Check an archive, each file of it, and change nothing.
    Verify(verify::Arguments),
    /// Check an archive, and lay out what it has where it is used.
    Load(load::Arguments),
    /// Check an archive, and push its images into a registry, with their signatures and attestations.
    Push(push::Arguments),
    /// List what of an archive has to be brought again.
    RepairList(repair_list::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Create(arguments) => create::run(*arguments, output).await,
        Verb::Verify(arguments) => verify::run(&arguments, output),
        Verb::Load(arguments) => load::run(&arguments, output),
        Verb::Push(arguments) => push::run(arguments, output).await,
        Verb::RepairList(arguments) => repair_list::run(&arguments, output),
    }
}
