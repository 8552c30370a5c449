//! The passphrase of a backup, which is not that of the instance's keys: a backup holds the file of the other one.

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::passphrase;

/// Where the passphrase is.
#[derive(Args)]
pub(crate) struct Passphrase {
    /// A file with the passphrase of the backup, or - for standard input. Default: the value of `SIGCTL_BACKUP_PASSPHRASE`.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// Reads it; a line end behind it does not count.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        passphrase::read(self.passphrase_file.as_deref(), VARIABLE)?.ok_or_else(missing)
    }
}

fn missing() -> Failure {
    Failure::new(
        "E-CTL-201",
        "the backup has no passphrase",
        format!("name a file that holds one with --passphrase-file, or set {VARIABLE}"),
    )
}

const VARIABLE: &str = "SIGCTL_BACKUP_PASSPHRASE";
