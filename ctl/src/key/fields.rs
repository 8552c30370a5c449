//! What the place of a key needs beside its URI, as it is said on a command line: the fields of a configuration.

use std::path::PathBuf;

use clap::Args;
use sigstead_signer::{KeyConfig, WrittenKey};

use crate::failure::{Exit, Failure};

/// None of this is a secret: what is secret is in the files that are named.
#[derive(Args)]
pub(crate) struct KeyFields {
    /// Of a file: the file with the passphrase of an encrypted key.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

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

impl KeyFields {
    /// The key as a configuration would name it.
    pub(crate) fn config(&self, uri: &str) -> Result<KeyConfig, Failure> {
        KeyConfig::try_from(self.with(uri)).map_err(|error| {
            let remedy = "docs/keys.md has an example of each kind";
            Failure::new("E-KEY-021", error.to_string(), remedy).exit(Exit::Usage)
        })
    }

    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        let files = [
            &self.passphrase_file,
            &self.module,
            &self.pin_file,
            &self.token_file,
            &self.ca_file,
        ];
        let is_text = self.address.is_some() || self.namespace.is_some();
        !is_text && files.into_iter().all(Option::is_none)
    }

    fn with(&self, uri: &str) -> WrittenKey {
        WrittenKey {
            uri: uri.to_owned(),
            passphrase_file: self.passphrase_file.clone(),
            module: self.module.clone(),
            pin_file: self.pin_file.clone(),
            address: self.address.clone(),
            namespace: self.namespace.clone(),
            token_file: self.token_file.clone(),
            ca_file: self.ca_file.clone(),
        }
    }
}
