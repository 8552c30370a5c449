//! `sigctl oidc`: the embedded issuer: who signs in there.

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

mod user;

/// What is administered.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// People's accounts.
    #[command(subcommand)]
    User(user::Command),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.subject {
        Subject::User(command) => user::run(command, output).await,
    }
}
