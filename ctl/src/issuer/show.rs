//! `sigctl issuer show`: the entry of an issuer, as the file would have it with nothing left out.

use clap::Args;

use super::file::{IssuersFile, yaml};
use super::named;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;

/// Which issuer.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The URL of the issuer, or the pattern of its URL.
    issuer: Vec<String>,
}

pub(super) fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let issuer = named(&mut arguments.instance, arguments.issuer)?;
    let file = IssuersFile::of(&arguments.instance.open()?)?;
    let entry = file.entry(&issuer)?;
    let text = yaml(&issuer, entry)?;
    output.print(entry, |_| text);
    Ok(())
}
