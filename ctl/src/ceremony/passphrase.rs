//! The passphrase of a holder's key.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::init::secret::refuse_open_to_others;
use crate::input;

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
        let mut passphrase = match &self.passphrase_file {
            Some(file) => {
                if !input::is_standard_input(file) {
                    refuse_open_to_others(file)?;
                }
                input::read(file)?
            }
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
        "E-CEREMONY-018",
        "the key has no passphrase",
        format!("name a file that holds one with --passphrase-file, or set {VARIABLE}"),
    )
}

const VARIABLE: &str = "SIGCTL_CEREMONY_PASSPHRASE";
