//! A key as it is written in a configuration: the fields of all kinds, of which each kind has its own.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::key_config_error::KeyConfigError;

/// One key of a service.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Where the key is. `file:` and a path, relative to the configuration file: the file is PKCS #8 in PEM form and must
    /// be readable by its owner only; a mounted Secret also by the group that the pod alone is in. Or a `pkcs11:` URI
    /// (RFC 7512) of a key in a token, as in `pkcs11:token=site;object=ca`. Or `vault:` with the mount, the name and the
    /// version of a key in the transit engine of Vault or OpenBao, as in `vault:transit/ca?version=1`.
    #[schemars(regex(pattern = r"^(file:.|pkcs11:.|vault:.+\?version=[1-9])"))]
    pub uri: String,
    /// Of a `file:` key: the file with the passphrase of an encrypted key; a newline at its end does not count. Default
    /// none, for a key that is not encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_file: Option<PathBuf>,
    /// Of a `pkcs11:` key: the library of the token's maker, as in `/usr/lib/softhsm/libsofthsm2.so`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<PathBuf>,
    /// Of a `pkcs11:` key: the file with the PIN of the token's user, which nobody else may read; a newline at its end does
    /// not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_file: Option<PathBuf>,
    /// Of a `vault:` key: the address of the server, as in `https://vault.example:8200`. Plain `http` is for an agent on this
    /// machine alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of a `vault:` key: the namespace of the server that the key is in. Default the one at the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Of a `vault:` key: the file with the token, which nobody else may read; it is read before each call, so that another
    /// program may replace it. A newline at its end does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Of a `vault:` key: PEM file with the only authorities that may certify the server. Default those of the operating
    /// system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Written {
    /// Refuses fields of other kinds than `kind`, whose own are `own`.
    pub(crate) fn has_only(
        &self,
        kind: &'static str,
        own: &[&'static str],
    ) -> Result<(), KeyConfigError> {
        let fields = [
            ("passphrase_file", self.passphrase_file.is_some()),
            ("module", self.module.is_some()),
            ("pin_file", self.pin_file.is_some()),
            ("address", self.address.is_some()),
            ("namespace", self.namespace.is_some()),
            ("token_file", self.token_file.is_some()),
            ("ca_file", self.ca_file.is_some()),
        ];
        let foreign = fields
            .into_iter()
            .find(|(field, is_there)| *is_there && !own.contains(field));
        match foreign {
            None => Ok(()),
            Some((field, _)) => Err(KeyConfigError::Foreign { kind, field }),
        }
    }
}
