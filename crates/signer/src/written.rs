//! A key as it is written in a configuration: the fields of all kinds, of which each kind has its own.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One key of a service.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Where the key is. `file:` and a path, relative to the configuration file: the file is PKCS #8 in PEM form and must
    /// be readable by its owner only; a mounted Secret also by the group that the pod alone is in. Or a `pkcs11:` URI
    /// (RFC 7512) of a key in a token, as in `pkcs11:token=site;object=ca`.
    #[schemars(regex(pattern = "^(file|pkcs11):."))]
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
}
