//! `sigctl issuer`: whose tokens the certificate authority believes.

mod add;
mod browser;
mod certificate;
mod file;
mod json;
mod list;
mod pin;
mod pinned;
mod remove;
mod show;
mod test;
mod text;

use clap::{Args, Subcommand};

pub(crate) use self::certificate::Shown as ShownCertificate;
pub(crate) use self::file::parse;
pub(crate) use self::pinned::pinned;
pub(crate) use self::test::ShownRule;
use crate::failure::{Exit, Failure};
use crate::locate::Where;
use crate::output::Output;

/// What to do with the issuers.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the issuers, and who of each may sign.
    List(list::Arguments),
    /// Print the entry of an issuer.
    Show(show::Arguments),
    /// Believe another issuer.
    Add(Box<add::Arguments>),
    /// Say at which issuer people log in whose client opens a browser, and publish it.
    Browser(browser::Arguments),
    /// Write the keys of an issuer into its entry, so that nobody is asked for them.
    Pin(pin::Arguments),
    /// Remove an issuer: its tokens are believed no longer.
    Remove(remove::Arguments),
    /// Say how far a token comes, and which certificate it would get or what stops it.
    Test(test::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.command {
        Command::List(arguments) => list::run(&arguments, output)?,
        Command::Show(arguments) => show::run(arguments, output)?,
        Command::Add(arguments) => add::run(*arguments, output).await?,
        Command::Browser(arguments) => browser::run(arguments, output).await?,
        Command::Pin(arguments) => pin::run(arguments, output).await?,
        Command::Remove(arguments) => return remove::run(arguments, output).await,
        Command::Test(arguments) => return test::run(arguments, output).await,
    }
    Ok(Exit::Done)
}

/// The issuer that a command names, behind the instance or in its place.
fn named(instance: &mut Where, words: Vec<String>) -> Result<String, Failure> {
    let words = instance.words(words);
    match words.as_slice() {
        [issuer] => Ok(issuer.clone()),
        _ => Err(Failure::new(
            "E-CTL-012",
            "name one issuer, by its URL or the pattern of its URL",
            "sigctl issuer list",
        )),
    }
}
