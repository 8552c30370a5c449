//! What a token or a server needs beside the URI of a key.

use std::path::PathBuf;

use clap::Args;
use sigstead_signer::{KeyConfig, WrittenKey};

use crate::failure::{Exit, Failure};

/// None of this is a secret: what is secret is in the files that are named.
#[derive(Clone, Default, Args)]
pub(crate) struct PlaceFields {
    /// Of a token: the library of its maker.
    #[arg(long, value_name = "LIBRARY")]
    module: Option<PathBuf>,

    /// Of a token: the file with the PIN of its user.
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,

    /// Of Vault or OpenBao: the address of the server, as in `https://vault.example:8200`.
    #[arg(long, value_name = "URL")]
    address: Option<String>,

    /// Of Vault or OpenBao: the namespace.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,

    /// Of Vault or OpenBao: the file with the token.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Of Vault or OpenBao: the file with the only authorities that may certify the server.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl PlaceFields {
    /// Those of tokens alone.
    pub(crate) fn of_tokens(&self) -> Self {
        Self {
            module: self.module.clone(),
            pin_file: self.pin_file.clone(),
            ..Self::default()
        }
    }

    /// Those of servers alone.
    pub(crate) fn of_servers(&self) -> Self {
        Self {
            module: None,
            pin_file: None,
            ..self.clone()
        }
    }

    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        let files = [
            &self.module,
            &self.pin_file,
            &self.token_file,
            &self.ca_file,
        ];
        let is_text = self.address.is_some() || self.namespace.is_some();
        !is_text && files.into_iter().all(Option::is_none)
    }

    /// The key as a configuration would name it.
    pub(super) fn config(
        &self,
        uri: &str,
        passphrase_file: Option<PathBuf>,
    ) -> Result<KeyConfig, Failure> {
        let written = WrittenKey {
            uri: uri.to_owned(),
            passphrase_file,
            module: self.module.clone(),
            pin_file: self.pin_file.clone(),
            address: self.address.clone(),
            namespace: self.namespace.clone(),
            token_file: self.token_file.clone(),
            ca_file: self.ca_file.clone(),
        };
        KeyConfig::try_from(written).map_err(|error| misplaced(&error.to_string()))
    }

    /// A key that is in no file, as a configuration in any folder names it. `instead` says what is to be written of one that is
    /// in a file.
    pub(crate) fn elsewhere(&self, uri: &str, instead: &str) -> Result<KeyConfig, Failure> {
        match self.config(uri, None)? {
            KeyConfig::File(_) => Err(misplaced(instead)),
            place => {
                let here = std::env::current_dir();
                let here = here.map_err(|error| misplaced(&error.to_string()))?;
                Ok(place.in_folder(&here))
            }
        }
    }
}

/// A place that is said so that it cannot be meant.
pub(crate) fn misplaced(why: &str) -> Failure {
    let remedy = "docs/keys.md has an example of each kind";
    Failure::new("E-KEY-021", why.to_owned(), remedy).exit(Exit::Usage)
}
