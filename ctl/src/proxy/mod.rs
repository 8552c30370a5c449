//! `sigctl proxy`: how a reverse proxy is to be configured for an instance.

mod nginx;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

/// Which proxy.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Print the configuration of nginx.
    Nginx(nginx::Arguments),
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Nginx(arguments) => nginx::run(arguments, output),
    }
}
