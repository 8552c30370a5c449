//! The keys of the root and targets roles.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigstead_signer::{KeyConfig, Signer};
use sigstead_trust_root::tuf::{Role, Signed, TufKey};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::{key, operator_key};

/// A key that signs metadata, as the metadata names it.
pub(crate) struct TufSigner {
    key: TufKey,
    signer: Arc<dyn Signer>,
}

impl TufSigner {
    /// Opens a key of the instance: with its passphrase, or where its file says.
    pub(crate) async fn open(instance: &Instance, place: &str) -> Result<Self, Failure> {
        let path = instance.path(place);
        let config = operator_key::config(instance, &path)?;
        let signer = sigstead_signer::open(&config).await;
        Self::new(
            signer.map_err(|error| not_open(&config, &path, &error))?,
            &path,
        )
    }

    /// Opens a key wherever it is; the files that its place names are found from here.
    pub(crate) async fn open_at(place: &KeyConfig) -> Result<Self, Failure> {
        let signer = sigstead_signer::open(place).await;
        let path = PathBuf::from(place.to_string());
        Self::new(signer.map_err(|error| key::unusable(place, &error))?, &path)
    }

    /// A key that is open already; `path` stands for it in errors.
    pub(crate) fn new(signer: Arc<dyn Signer>, path: &Path) -> Result<Self, Failure> {
        let key = TufKey::new(signer.public_key())
            .ok_or_else(|| unusable(path, &"TUF clients check P-256 and Ed25519 keys only"))?;
        Ok(Self { key, signer })
    }

    /// The public half.
    pub(crate) const fn key(&self) -> &TufKey {
        &self.key
    }

    /// The role with this key's signature. Whether the root lets the key sign is not asked here.
    pub(crate) async fn sign<T: Role>(&self, role: T) -> Result<Signed<T>, Failure> {
        let mut metadata = Signed::unsigned(role);
        self.add_to(&mut metadata).await?;
        Ok(metadata)
    }

    /// Adds this key's signature to those that metadata has.
    pub(crate) async fn add_to<T: Role>(&self, metadata: &mut Signed<T>) -> Result<(), Failure> {
        let message = metadata.bytes_to_sign();
        let message = message.map_err(|error| unsigned(T::NAME, &error))?;
        let signature = self.sign_bytes(T::NAME, &message).await?;
        metadata.add_signature(&self.key, &signature);
        Ok(())
    }

    /// This key's signature over what people know as the `what` metadata.
    pub(crate) async fn sign_bytes(&self, what: &str, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let signature = self.signer.sign(message).await;
        signature.map_err(|error| unsigned(what, &error))
    }
}

fn unsigned(what: &str, cause: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        format!("the {what} metadata cannot be signed"),
        "the cause says why the key does not sign",
    )
    .because(cause)
}

fn not_open(config: &KeyConfig, path: &Path, cause: &sigstead_signer::Error) -> Failure {
    match config {
        KeyConfig::File(_) => unusable(path, cause),
        KeyConfig::Pkcs11(_) | KeyConfig::Vault(_) => key::unusable(config, cause),
    }
}

fn unusable(path: &Path, cause: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-011",
        format!("the key {} cannot be used", path.display()),
        "bring the key back to where it was; the instance's passphrase opens it",
    )
    .because(cause)
}

/// The key of the root role.
pub(crate) const ROOT_KEY: &str = "trust/tuf-root.key";

/// The key of the targets role.
pub(crate) const TARGETS_KEY: &str = "trust/tuf-targets.key";
