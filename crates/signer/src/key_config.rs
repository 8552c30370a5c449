//! How a configuration names a key.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::key_config_error::KeyConfigError;
use crate::pkcs11_uri::Pkcs11Uri;
use crate::vault_key::VaultKey;
use crate::written::Written;

/// One key of a service: a URI that says where it is, and what that place needs beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum KeyConfig {
    /// In a file.
    File(FileKey),
    /// In a PKCS #11 token.
    Pkcs11(Pkcs11Key),
    /// In the transit engine of Vault or OpenBao.
    Vault(VaultKey),
}

/// A key in a file, which is PKCS #8 in PEM form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileKey {
    /// The file.
    pub path: PathBuf,
    /// The file with the passphrase of an encrypted key.
    pub passphrase_file: Option<PathBuf>,
}

/// A key that a PKCS #11 token holds and never gives out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pkcs11Key {
    /// Which key of which token.
    pub uri: Pkcs11Uri,
    /// The library that speaks to the token.
    pub module: PathBuf,
    /// The file with the PIN of the token's user.
    pub pin_file: PathBuf,
}

impl KeyConfig {
    /// A key in a file.
    pub fn file(path: impl Into<PathBuf>, passphrase_file: Option<PathBuf>) -> Self {
        Self::File(FileKey {
            path: path.into(),
            passphrase_file,
        })
    }

    /// The file, if the key is in one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(key) => Some(&key.path),
            Self::Pkcs11(_) | Self::Vault(_) => None,
        }
    }

    /// The same key, its files named from outside of `folder`, where its configuration is.
    #[must_use]
    pub fn in_folder(&self, folder: &Path) -> Self {
        match self {
            Self::File(key) => Self::File(FileKey {
                path: folder.join(&key.path),
                passphrase_file: key.passphrase_file.as_ref().map(|file| folder.join(file)),
            }),
            Self::Pkcs11(key) => Self::Pkcs11(Pkcs11Key {
                uri: key.uri.clone(),
                module: folder.join(&key.module),
                pin_file: folder.join(&key.pin_file),
            }),
            Self::Vault(key) => Self::Vault(key.in_folder(folder)),
        }
    }
}

/// The URI, which has no secret in it.
impl fmt::Display for KeyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(key) => write!(f, "file:{}", key.path.display()),
            Self::Pkcs11(key) => key.uri.fmt(f),
            Self::Vault(key) => key.uri.fmt(f),
        }
    }
}

impl TryFrom<Written> for KeyConfig {
    type Error = KeyConfigError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written.uri.split_once(':') {
            Some(("file", path)) if !path.is_empty() => {
                let path = PathBuf::from(path);
                FileKey::read(path, written).map(Self::File)
            }
            Some(("pkcs11", _)) => Pkcs11Key::read(written).map(Self::Pkcs11),
            Some(("vault", _)) => VaultKey::read(written).map(Self::Vault),
            _ => Err(KeyConfigError::Uri(written.uri)),
        }
    }
}

impl FileKey {
    fn read(path: PathBuf, written: Written) -> Result<Self, KeyConfigError> {
        written.has_only("file", &["passphrase_file"])?;
        Ok(Self {
            path,
            passphrase_file: written.passphrase_file,
        })
    }
}

impl Pkcs11Key {
    fn read(written: Written) -> Result<Self, KeyConfigError> {
        written.has_only("pkcs11", &["module", "pin_file"])?;
        let (uri, named) = Pkcs11Uri::parse(&written.uri)?;
        let module = one_of(written.module, named.module, ("module", "module-path"))?;
        let pin_file = one_of(
            written.pin_file,
            named.pin_source,
            ("pin_file", "pin-source"),
        )?;
        Ok(Self {
            uri,
            module: module.ok_or(KeyConfigError::Missing {
                kind: "pkcs11",
                field: "module",
                meaning: "the library of the token's maker",
            })?,
            pin_file: pin_file.ok_or(KeyConfigError::Missing {
                kind: "pkcs11",
                field: "pin_file",
                meaning: "a file with the PIN of the token's user",
            })?,
        })
    }
}

fn one_of(
    field: Option<PathBuf>,
    attribute: Option<PathBuf>,
    (name, attribute_name): (&'static str, &'static str),
) -> Result<Option<PathBuf>, KeyConfigError> {
    match (&field, &attribute) {
        (Some(_), Some(_)) => Err(KeyConfigError::Twice {
            attribute: attribute_name,
            field: name,
        }),
        _ => Ok(field.or(attribute)),
    }
}

impl From<KeyConfig> for Written {
    fn from(key: KeyConfig) -> Self {
        let mut written = Self {
            uri: key.to_string(),
            ..Self::default()
        };
        match key {
            KeyConfig::File(FileKey {
                passphrase_file, ..
            }) => written.passphrase_file = passphrase_file,
            KeyConfig::Pkcs11(key) => {
                written.module = Some(key.module);
                written.pin_file = Some(key.pin_file);
            }
            KeyConfig::Vault(key) => key.write(&mut written),
        }
        written
    }
}

impl JsonSchema for KeyConfig {
    fn schema_name() -> Cow<'static, str> {
        "KeyConfig".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<KeyConfig, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        let token = "pkcs11:token=site%20one;object=ca;id=%01%FF";
        for value in [
            json!({"uri": "file:keys/ca.key"}),
            json!({"uri": "file:/srv/ca.key", "passphrase_file": "../passphrase"}),
            json!({"uri": token, "module": "/lib/p11.so", "pin_file": "/run/pin"}),
            json!({"uri": "vault:transit/ca?version=1", "address": "https://vault:8200/", "token_file": "../token"}),
            json!({
                "uri": "vault:a/b/ca.key-1?version=12", "address": "https://vault/below/it",
                "namespace": "site/one", "token_file": "/run/token", "ca_file": "/run/ca.pem",
            }),
        ] {
            let key = read(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(&key).unwrap(), value);
        }
    }

    #[test]
    fn the_uri_may_name_module_and_pin_as_other_programs_have_them() {
        let uri = "pkcs11:object=a?module-path=/lib/p11.so&pin-source=file:/run/pin";
        let fields =
            json!({"uri": "pkcs11:object=a", "module": "/lib/p11.so", "pin_file": "/run/pin"});
        assert_eq!(read(json!({"uri": uri})), read(fields));
        let said = read(json!({"uri": uri, "pin_file": "b"})).unwrap_err();
        assert!(said.contains("keep one of them"), "{said}");
    }

    #[test]
    fn a_kind_has_its_own_fields_and_no_others() {
        for (value, says) in [
            (json!({"uri": ""}), "does not name a key"),
            (json!({"uri": "file:"}), "does not name a key"),
            (json!({"uri": "keys/ca.key"}), "does not name a key"),
            (json!({"uri": "ftp:key"}), "does not name a key"),
            (
                json!({"uri": "file:a", "pin_file": "b"}),
                "no field `pin_file`",
            ),
            (json!({"uri": "file:a", "module": "b"}), "no field `module`"),
            (
                json!({"uri": "file:a", "token_file": "b"}),
                "no field `token_file`",
            ),
            (
                json!({"uri": "pkcs11:object=a", "namespace": "b"}),
                "no field `namespace`",
            ),
            (
                json!({"uri": "vault:transit/a?version=1", "passphrase_file": "b"}),
                "no field `passphrase_file`",
            ),
            (
                json!({"uri": "vault:transit/a?version=1", "token_file": "b"}),
                "needs the field `address`",
            ),
            (
                json!({"uri": "vault:transit/a?version=1", "address": "https://v"}),
                "needs the field `token_file`",
            ),
            (
                json!({"uri": "pkcs11:object=a", "passphrase_file": "b"}),
                "no field `passphrase_file`",
            ),
            (
                json!({"uri": "pkcs11:object=a", "pin_file": "b"}),
                "needs the field `module`",
            ),
            (
                json!({"uri": "pkcs11:object=a", "module": "b"}),
                "needs the field `pin_file`",
            ),
            (json!({"uri": "file:a", "passphrase": "b"}), "unknown field"),
        ] {
            let said = read(value.clone()).unwrap_err();
            assert!(said.contains(says), "{value}: {said}");
        }
    }
}
