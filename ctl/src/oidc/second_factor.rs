//! `sigctl oidc second-factor`: what is asked of people beside their passwords.

use clap::{Args, Subcommand};
use sigstead_proto::admin::v1::{ChangeSecondFactorRequest, SecondFactorChange};

use super::user::{Account, connect, table};
use crate::admin::refused;
use crate::failure::Failure;
use crate::output::Output;
use crate::reach::Reachable;

/// What is done with second factors.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Require a second factor of a person, who sets one up at the next sign-in; what came of the password alone ends.
    Require(Person),
    /// Leave it to a person whether to have one.
    Permit(Person),
    /// Take away the second factor of a person who lost it, and end their sessions. Make sure first that it is they who ask.
    Reset(Person),
}

#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(super) struct Person {
    #[command(flatten)]
    instance: Reachable,
    /// The person's e-mail address.
    email: String,
}

pub(super) async fn run(command: Command, output: Output) -> Result<(), Failure> {
    let (person, change) = match command {
        Command::Require(person) => (person, SecondFactorChange::Require),
        Command::Permit(person) => (person, SecondFactorChange::Permit),
        Command::Reset(person) => (person, SecondFactorChange::Reset),
    };
    let mut client = connect(&person.instance.open()?).await?;
    let request = ChangeSecondFactorRequest {
        email: person.email,
        change: change.into(),
    };
    let answer = client.change_second_factor(request).await;
    let account = Account::from(answer.map_err(refused)?.into_inner());
    output.print(&account, |account| table(std::slice::from_ref(account)));
    Ok(())
}
