//! `sigctl client fingerprint`: what people compare before they trust a root or a kit. No instance is needed.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::trust::Fingerprint;

/// Of which file.
#[derive(Args)]
pub(super) struct Arguments {
    /// The file: a root, or the archive of a client kit.
    file: PathBuf,

    /// What somebody was told, in words or in hex. A file that has another fingerprint is refused.
    #[arg(long, value_name = "FINGERPRINT")]
    is: Option<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let file = &arguments.file;
    let bytes = fs::read(file).map_err(|error| Failure::file("read", file, error))?;
    let fingerprint = Fingerprint::of(&bytes);
    if let Some(told) = &arguments.is {
        let is_it = fingerprint.is_told_as(told).map_err(|_| {
            Failure::new(
                "E-CTL-481",
                format!("{told:?} is no fingerprint"),
                "write the twelve words, with hyphens or spaces between them, or the 64 digits of the SHA-256",
            )
            .exit(Exit::Usage)
        })?;
        if !is_it {
            return Err(Failure::new(
                "E-CTL-482",
                format!("{} has another fingerprint than {told}", file.display()),
                "do not use the file, and ask who gave you the fingerprint: it was published anew, or somebody changed the file on \
                 its way",
            )
            .because(format!("it has {}, {}", fingerprint.words, fingerprint.sha256))
            .exit(Exit::Refused));
        }
    }
    output.print(&fingerprint, |fingerprint| {
        format!("{}\n{}", fingerprint.words, fingerprint.sha256)
    });
    Ok(())
}
