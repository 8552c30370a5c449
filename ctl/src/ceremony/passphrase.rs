//! The passphrase of a holder's key.

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::passphrase;

/// Where the passphrase is.
#[derive(Args)]
pub(super) struct Passphrase {
    /// A file with the passphrase of the key, or - for standard input. Default: the value of `SIGCTL_CEREMONY_PASSPHRASE`.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// Reads it; a line end behind it does not count.
    pub(super) fn read(&self) -> Result<Vec<u8>, Failure> {
        passphrase::read(self.passphrase_file.as_deref(), VARIABLE)?.ok_or_else(missing)
    }
}

fn missing() -> Failure {
    Failure::new(
        "E-CEREMONY-018",
        "the key has no passphrase",
        format!("name a file that holds one with --passphrase-file, or set {VARIABLE}"),
    )
}

const VARIABLE: &str = "SIGCTL_CEREMONY_PASSPHRASE";
