//! `sigctl systemd`: the units with which systemd runs the services of an instance on a server.

mod account;
mod backup;
mod files;
mod install;
mod needs;
mod remove;
mod show;
mod unit;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

/// What is done.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the units of an instance, one for each service and a target over all of them, and a timer for backups.
    Install(install::Arguments),
    /// Print the units of an instance, and write nothing.
    Show(show::Arguments),
    /// Remove the units of an instance that were written here.
    Remove(remove::Arguments),
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.command {
        Command::Install(arguments) => install::run(&arguments, output),
        Command::Show(arguments) => show::run(&arguments, output),
        Command::Remove(arguments) => remove::run(&arguments, output),
    }
}
