//! `sigctl authority`: asks somebody else to certify the next key of an authority, and takes what comes back.

mod accept;
mod request;

use clap::{Args, Subcommand};

use crate::failure::{Exit, Failure};
use crate::output::Output;

/// What is asked or brought.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show the certification request of a rotation that waits for a certificate, and what it asks for.
    Request(request::Arguments),
    /// Take the chain that came back, if every client would.
    Accept(accept::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Request(request) => request::run(&request, output)?,
        Verb::Accept(accept) => accept::run(&accept, output).await?,
    }
    Ok(Exit::Done)
}
