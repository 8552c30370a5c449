//! The passphrase of a backup, which is not that of the instance's keys: a backup holds the file of the other one.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::init::secret::refuse_open_to_others;
use crate::private;

/// Where the passphrase is.
#[derive(Args)]
pub(crate) struct Passphrase {
    /// A file with the passphrase of the backup. Default: the passphrase is the value of `SIGCTL_BACKUP_PASSPHRASE`.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// Reads it; a line end behind it does not count.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut passphrase = match &self.passphrase_file {
            Some(file) => {
                refuse_open_to_others(file)?;
                private::read(file, LONGEST).map_err(|error| Failure::file("read", file, error))?
            }
            // Services see no variable of this name.
            None => std::env::var_os(VARIABLE)
                .map(OsString::into_vec)
                .unwrap_or_default(),
        };
        while passphrase
            .last()
            .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
        {
            passphrase.pop();
        }
        match passphrase.is_empty() {
            true => Err(missing()),
            false => Ok(passphrase),
        }
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

const LONGEST: u64 = 64 << 10;
