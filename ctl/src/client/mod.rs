//! `sigctl client`: what people and programs that sign and verify are given.

mod fingerprint;
mod publish;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

/// What is done for clients.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Write the client kit and its page again, and print the fingerprints that people compare.
    Publish(publish::Arguments),
    /// Print the fingerprint of a file, in hex and in words, and compare it with what somebody was told.
    Fingerprint(fingerprint::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Publish(arguments) => publish::run(&arguments, output).await,
        Verb::Fingerprint(arguments) => fingerprint::run(&arguments, output),
    }
}
