//! The key of a holder, on her machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use sigstead_key::Algorithm;
use sigstead_signer::{KeyConfig, Signer};

use super::passphrase::Passphrase;
use crate::failure::{Exit, Failure};
use crate::init::secret::Vault;
use crate::key::{PlaceFields, misplaced};
use crate::trust::TufSigner;
use crate::{key, operator_key};

/// Which key.
#[derive(Args)]
pub(super) struct HoldersKey {
    /// The holder's key: `file:alice.key`, a file that the passphrase encrypts; or one that never leaves a token, as in
    /// `pkcs11:token=alice;object=root`, or a server, as `sigctl key create` takes them.
    #[arg(long, value_name = "URI")]
    key: String,

    #[command(flatten)]
    passphrase: Passphrase,

    #[command(flatten)]
    fields: PlaceFields,
}

/// Where it is.
enum Place {
    File(PathBuf),
    Elsewhere(KeyConfig),
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
    /// Refuses a key that is there, before anything is asked or made.
    pub(super) async fn refuse_existing(&self) -> Result<(), Failure> {
        let is_there = match self.place()? {
            Place::File(path) => path.symlink_metadata().is_ok(),
            Place::Elsewhere(place) => key::is_there(&place).await?,
        };
        match is_there {
            false => Ok(()),
            true => Err(Failure::new(
                "E-CEREMONY-019",
                format!("{} is there already", self.key),
                "a holder joins with a new key: name one that is not there",
            )
            .exit(Exit::Refused)),
        }
    }

    /// Makes the key.
    pub(super) async fn make(&self, kind: Kind) -> Result<TufSigner, Failure> {
        let signer = self.make_of(kind.into()).await?;
        TufSigner::new(signer, Path::new(&self.key))
    }

    /// Makes a key of a root, which signs certificates.
    pub(super) async fn make_root(&self) -> Result<Arc<dyn Signer>, Failure> {
        self.make_of(Algorithm::EcdsaP384Sha384).await
    }

    async fn make_of(&self, algorithm: Algorithm) -> Result<Arc<dyn Signer>, Failure> {
        match self.place()? {
            Place::File(path) => {
                let vault = Vault::with(self.passphrase.read()?);
                Ok(vault.make(&path, algorithm)?.into_signer())
            }
            Place::Elsewhere(place) => {
                key::make(&place, algorithm).await?;
                open_at(&place).await
            }
        }
    }

    /// Opens the key.
    pub(super) async fn open(&self) -> Result<TufSigner, Failure> {
        let signer = self.open_any().await?;
        TufSigner::new(signer, Path::new(&self.key))
    }

    /// Opens the key, whatever it signs. A file of the operator may say where its key is.
    pub(super) async fn open_any(&self) -> Result<Arc<dyn Signer>, Failure> {
        let path = match self.place()? {
            Place::Elsewhere(place) => return open_at(&place).await,
            Place::File(path) => path,
        };
        if let Some(place) = operator_key::place(&path)? {
            return open_at(&place).await;
        }
        let vault = Vault::with(self.passphrase.read()?);
        let key = vault.open_key(&path);
        let key = key.map_err(|failure| unusable(&path, &failure))?;
        Ok(key.into_signer())
    }

    fn place(&self) -> Result<Place, Failure> {
        match self.key.split_once(':') {
            Some(("file", path)) if !path.is_empty() => match self.fields.is_empty() {
                true => Ok(Place::File(path.into())),
                false => Err(misplaced("a key in a file needs its passphrase alone")),
            },
            _ => {
                let instead = "write file: and a path, as in file:alice.key";
                self.fields
                    .elsewhere(&self.key, instead)
                    .map(Place::Elsewhere)
            }
        }
    }
}

async fn open_at(place: &KeyConfig) -> Result<Arc<dyn Signer>, Failure> {
    let opened = sigstead_signer::open(place).await;
    opened.map_err(|error| key::unusable(place, &error))
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
