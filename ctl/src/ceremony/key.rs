//! The key of a holder, on her machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;

use super::passphrase::Passphrase;
use crate::failure::{Exit, Failure};
use crate::init::secret::Vault;
use crate::trust::TufSigner;

/// Which key.
#[derive(Args)]
pub(super) struct HoldersKey {
    /// The holder's key, as in `file:alice.key`; the passphrase encrypts the file.
    #[arg(long, value_name = "URI", value_parser = parse_file)]
    key: PathBuf,

    #[command(flatten)]
    passphrase: Passphrase,
}

/// Of which algorithm a holder's key is. Every client of TUF takes each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    EcdsaP256,
    Ed25519,
}

impl From<Kind> for Algorithm {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::EcdsaP256 => Self::EcdsaP256Sha256,
            Kind::Ed25519 => Self::Ed25519,
        }
    }
}

impl HoldersKey {
    /// Refuses a file that is there, before anything is asked or made.
    pub(super) fn refuse_existing(&self) -> Result<(), Failure> {
        let path = &self.key;
        match path.symlink_metadata() {
            Err(_) => Ok(()),
            Ok(_) => Err(Failure::new(
                "E-CEREMONY-019",
                format!("{} is there already", path.display()),
                "a holder joins with a new key: name a file that is not there",
            )
            .exit(Exit::Refused)),
        }
    }

    /// Makes the key.
    pub(super) fn make(&self, kind: Kind) -> Result<TufSigner, Failure> {
        let path = &self.key;
        let vault = Vault::with(self.passphrase.read()?);
        let key = vault.make(path, kind.into())?;
        TufSigner::new(key.into_signer(), path)
    }

    /// Makes a key of a root, which signs certificates.
    pub(super) fn make_root(&self) -> Result<Arc<dyn Signer>, Failure> {
        let vault = Vault::with(self.passphrase.read()?);
        let key = vault.make(&self.key, Algorithm::EcdsaP384Sha384)?;
        Ok(key.into_signer())
    }

    /// Opens the key, whatever it signs.
    pub(super) fn open_any(&self) -> Result<Arc<dyn Signer>, Failure> {
        let path = &self.key;
        let vault = Vault::with(self.passphrase.read()?);
        let key = vault.open_key(path);
        let key = key.map_err(|failure| unusable(path, &failure))?;
        Ok(key.into_signer())
    }

    /// Opens the key.
    pub(super) fn open(&self) -> Result<TufSigner, Failure> {
        TufSigner::new(self.open_any()?, &self.key)
    }
}

fn parse_file(text: &str) -> Result<PathBuf, String> {
    match text.split_once(':') {
        Some(("file", path)) if !path.is_empty() => Ok(path.into()),
        _ => Err("write file: and a path, as in file:alice.key".to_owned()),
    }
}

fn unusable(path: &Path, cause: &Failure) -> Failure {
    Failure::new(
        "E-CEREMONY-019",
        format!("the key {} does not open", path.display()),
        "name the key's own file and its own passphrase",
    )
    .because(cause.whole())
    .exit(Exit::Refused)
}
