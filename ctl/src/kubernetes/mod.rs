//! `sigctl kubernetes`: what the chart mounts, made of an instance.

mod files;
mod lay_out;
mod logs;
mod mounted;
mod publish;
mod successors;
mod values;

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
    /// Lay out the files of an instance for the chart: a folder for each Secret and ConfigMap, and the values.
    LayOut(lay_out::Arguments),
    /// Bring what was published outside into the repository of the tuf service.
    Publish(publish::Arguments),
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.command {
        Command::LayOut(arguments) => lay_out::run(&arguments, output),
        Command::Publish(arguments) => publish::run(&arguments, output),
    }
}
