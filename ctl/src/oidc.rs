//! `sigctl oidc`: the embedded issuer: who signs in there, and which applications and workloads ask it for tokens.

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

mod client;
mod client_secret;
mod clients;
pub(crate) mod connector;
mod group;
mod second_factor;
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
    /// Applications and workloads.
    #[command(subcommand)]
    Client(client::Command),
    /// Groups of people with accounts.
    #[command(subcommand)]
    Group(group::Command),
    /// What is asked of people beside their passwords.
    #[command(subcommand)]
    SecondFactor(second_factor::Command),
    /// Where people sign in whose accounts are elsewhere.
    #[command(subcommand)]
    Connector(connector::Command),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.subject {
        Subject::User(command) => user::run(command, output).await,
        Subject::Client(command) => client::run(command, output).await,
        Subject::Group(command) => group::run(command, output).await,
        Subject::SecondFactor(command) => second_factor::run(command, output).await,
        Subject::Connector(command) => connector::run(command, output).await,
    }
}
