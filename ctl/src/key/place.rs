//! Where a key is, as it is said on a command line: the fields of a configuration.

use std::path::Path;

use clap::Args;
use sigstead_key::Algorithm;
use sigstead_signer::{Error, FileKey, KeyConfig, Pkcs11Key, PrivateKey, VaultKey};

use super::fields::KeyFields;
use super::shown::unusable;
use crate::failure::{Exit, Failure};
use crate::{input, private};

/// Where a key is. None of this is a secret: what is secret is in the files that are named.
#[derive(Args)]
pub(super) struct Place {
    /// `file:PATH`; `pkcs11:…` (RFC 7512), as in `pkcs11:token=site;object=ca`; or `vault:MOUNT/NAME?version=N`.
    uri: String,

    #[command(flatten)]
    fields: KeyFields,
}

impl Place {
    /// The key as a configuration would name it.
    pub(super) fn config(&self) -> Result<KeyConfig, Failure> {
        self.fields.config(&self.uri)
    }
}

/// Puts a key where none is yet.
pub(super) async fn put(config: &KeyConfig, key: &PrivateKey) -> Result<(), Failure> {
    match config {
        KeyConfig::File(file) => write(file, key),
        KeyConfig::Pkcs11(token) => {
            refuse_taken(token).await?;
            let put = sigstead_signer::import_into_token(token, key).await;
            put.map_err(|error| unusable(config, &error))
        }
        KeyConfig::Vault(server) => {
            refuse_later_version(server)?;
            let put = sigstead_signer::import_into_vault(server, key).await;
            put.map_err(|error| not_put(config, &error))
        }
    }
}

/// Makes a key where none is yet.
pub(crate) async fn make(config: &KeyConfig, algorithm: Algorithm) -> Result<(), Failure> {
    match config {
        KeyConfig::File(file) => {
            let key = PrivateKey::generate(algorithm);
            let key = key.map_err(|error| unusable(config, &error))?;
            write(file, &key)
        }
        KeyConfig::Pkcs11(token) => {
            refuse_taken(token).await?;
            let made = sigstead_signer::create_in_token(token, algorithm).await;
            made.map_err(|error| unusable(config, &error))
        }
        KeyConfig::Vault(server) => {
            refuse_later_version(server)?;
            let made = sigstead_signer::create_in_vault(server, algorithm).await;
            made.map_err(|error| not_put(config, &error))
        }
    }
}

/// The first key of a name has the version 1, whatever is asked for.
fn refuse_later_version(key: &VaultKey) -> Result<(), Failure> {
    if key.uri.version() == 1 {
        return Ok(());
    }
    Err(Failure::new(
        "E-KEY-021",
        format!(
            "{} names a later version, and a new key has the first",
            key.uri
        ),
        "write ?version=1; each key of Sigstead has a name of its own in the server",
    )
    .exit(Exit::Usage))
}

fn not_put(config: &KeyConfig, error: &Error) -> Failure {
    match error {
        Error::VaultKeyThere(_) => taken(config),
        error => unusable(config, error),
    }
}

/// Two keys of one name would be none that a URI names.
async fn refuse_taken(token: &Pkcs11Key) -> Result<(), Failure> {
    let config = KeyConfig::Pkcs11(token.clone());
    match sigstead_signer::open(&config).await {
        Err(Error::KeyAbsent(_)) => Ok(()),
        Ok(_) | Err(Error::KeyAmbiguous(_)) => Err(taken(&config)),
        Err(error) => Err(unusable(&config, &error)),
    }
}

/// The passphrase in a file that nobody else reads.
pub(super) fn passphrase(path: &Path) -> Result<Vec<u8>, Failure> {
    crate::init::secret::refuse_open_to_others(path)?;
    let read = private::read(path, LARGEST);
    let read = read.map_err(|error| Failure::file("read", path, error))?;
    let read = input::without_line_end(read);
    if read.is_empty() {
        return Err(Failure::file("use", path, "it is empty"));
    }
    Ok(read)
}

fn write(file: &FileKey, key: &PrivateKey) -> Result<(), Failure> {
    let Some(passphrase_file) = &file.passphrase_file else {
        return Err(Failure::new(
            "E-KEY-021",
            "a key in a file is written encrypted, and no passphrase is named",
            "write a passphrase into a file that only you read, and name it with --passphrase-file",
        )
        .exit(Exit::Usage));
    };
    if file.path.exists() {
        return Err(taken(&KeyConfig::File(file.clone())));
    }
    let sealed = key.to_encrypted_pem(&passphrase(passphrase_file)?);
    let sealed = sealed.map_err(|error| unusable(&KeyConfig::File(file.clone()), &error))?;
    private::write_new(&file.path, sealed.as_bytes())
}

fn taken(config: &KeyConfig) -> Failure {
    Failure::new(
        "E-KEY-022",
        format!("a key is there already: {config}"),
        "name another; no key is ever written over",
    )
    .exit(Exit::Refused)
}

/// More than the largest key has.
pub(super) const LARGEST: u64 = 64 << 10;
