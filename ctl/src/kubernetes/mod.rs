//! `sigctl kubernetes`: what the chart mounts, made of an instance; and what runs in its pods beside the services.

mod anchors;
mod attach;
mod backup;
mod begin;
mod certificate_logs;
mod drill;
mod files;
mod laid_out;
mod lay_out;
mod logs;
mod mounted;
mod publish;
mod restore;
mod secret;
mod shelved;
mod submission;
mod successors;
mod values;

use clap::{Args, Subcommand};

pub(crate) use secret::of as secret_of;

use crate::failure::{Exit, Failure};
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
    /// Let the logs of a service take their first entries; once, by hand, before the service first runs.
    Begin(begin::Arguments),
    /// Say that the services of an instance run in a release of the chart, to which plans are brought from now on.
    Attach(attach::Arguments),
    /// Say that plans of an instance are brought to no release any more.
    Detach(attach::Detached),
    /// Bring what was published outside into the repository of the tuf service.
    Publish(publish::Arguments),
    /// Put what a pod has on its volume into one encrypted file, while the pod runs.
    Backup(Box<backup::Arguments>),
    /// Restore the newest backup of a pod for a while, while the pod runs, and say how that went.
    Drill(Box<drill::Arguments>),
    /// Lay such a backup out on an empty volume.
    Restore(Box<restore::Arguments>),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.command {
        Command::LayOut(arguments) => lay_out::run(&arguments, output).await?,
        Command::Begin(arguments) => begin::run(&arguments, output)?,
        Command::Attach(arguments) => attach::run(&arguments, output).await?,
        Command::Detach(arguments) => attach::detach(&arguments, output)?,
        Command::Publish(arguments) => publish::run(&arguments, output).await?,
        Command::Backup(arguments) => return backup::run(*arguments, output).await,
        Command::Drill(arguments) => return drill::run(*arguments, output).await,
        Command::Restore(arguments) => return restore::run(*arguments, output).await,
    }
    Ok(Exit::Done)
}
