//! What the place of a key needs beside its URI, as it is said on a command line: the fields of a configuration.

use std::path::PathBuf;

use clap::Args;
use sigstead_signer::KeyConfig;

use super::place_fields::{PlaceFields, misplaced};
use crate::failure::Failure;

/// None of this is a secret: what is secret is in the files that are named.
#[derive(Args)]
pub(crate) struct KeyFields {
    /// Of a file: the file with the passphrase of an encrypted key.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    #[command(flatten)]
    place: PlaceFields,
}

impl KeyFields {
    /// The key as a configuration would name it.
    pub(crate) fn config(&self, uri: &str) -> Result<KeyConfig, Failure> {
        self.place.config(uri, self.passphrase_file.clone())
    }

    /// A key that is in no file, as a configuration in any folder names it. `instead` says what is to be written of one that is
    /// in a file.
    pub(crate) fn elsewhere(&self, uri: &str, instead: &str) -> Result<KeyConfig, Failure> {
        match &self.passphrase_file {
            Some(_) => Err(misplaced(instead)),
            None => self.place.elsewhere(uri, instead),
        }
    }

    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.passphrase_file.is_none() && self.place.is_empty()
    }
}
