//! The [`Signer`] trait; encrypted key files, PKCS #11 tokens, and the transit engine of Vault and OpenBao behind it.
//!
//! Specifications: RFC 5958 (PKCS #8) with PBES2 of RFC 8018 and scrypt of RFC 7914 for keys at rest; RFC 7468 for PEM;
//! RFC 9881 for private keys of ML-DSA; PKCS #11 v2.40 and RFC 7512 for tokens; the HTTP interface of Vault 1.12 and OpenBao 2 for transit keys.
//!
//! Provided: [`Signer`], [`open`] by configuration, [`PrivateKey`] for who makes keys, [`ephemeral`] keys for one
//! signature, a [`KeyRing`] of keys that follow one another, and the [`conformance`] suite of all backends.
//!
//! A key management service of a cloud would be one more variant of [`KeyConfig`] with its own fields, read from its own
//! scheme in `written.rs`; one more arm of [`open`]; and one more file with a [`Signer`] that passes [`conformance`]. The check
//! and the count of every signature, `sigctl` and all services have it by that.
//!
//! Deliberately absent: verification, which is a method of [`sigstead_key::PublicKey`]; any way to read a private key out of a
//! signer.

mod checked;
pub mod conformance;
mod counts;
mod error;
mod file;
mod foreign;
mod key_config;
mod key_config_error;
mod pkcs11;
mod pkcs11_uri;
mod private_file;
mod private_key;
mod ring;
mod vault;
mod vault_key;
mod vault_uri;
mod written;

use std::sync::Arc;

use async_trait::async_trait;
use sigstead_key::{Algorithm, PublicKey};

use crate::checked::Checked;
pub use counts::register;
pub use error::Error;
pub use key_config::{FileKey, KeyConfig, Pkcs11Key};
pub use key_config_error::KeyConfigError;
pub use pkcs11::{create_in_token, import_into_token};
pub use pkcs11_uri::{ParsePkcs11UriError, Pkcs11Uri};
pub use private_file::open_to_others;
pub use private_key::PrivateKey;
pub use ring::{KeyRing, RingKey};
pub use vault::{create_in_vault, import_into_vault};
pub use vault_key::VaultKey;
pub use vault_uri::{ParseVaultUriError, VaultUri};
pub use written::Written as WrittenKey;

/// A key that signs.
///
/// An implementation MUST sign the message with the algorithm that [`Self::algorithm`] names, which MUST be the default
/// algorithm of [`Self::public_key`]; hashing is its business. It MUST NOT answer a signature that does not verify.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// The algorithm of the signatures.
    fn algorithm(&self) -> Algorithm {
        self.public_key().algorithm()
    }

    /// Signs a message, not a digest.
    ///
    /// # Errors
    /// If the backend refuses or cannot be reached.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;
}

/// Opens the key that a configuration names, and proves that it signs. Every signature of it is verified before it leaves.
///
/// # Errors
/// If the key cannot be opened, a probe that it signs does not verify, or no client verifies what such a key signs.
pub async fn open(config: &KeyConfig) -> Result<Arc<dyn Signer>, Error> {
    let signer = open_to_try(config).await?;
    refuse_unpublished(signer.public_key())?;
    Ok(signer)
}

/// Refuses a key for every role if no client verifies what it signs.
///
/// # Errors
/// [`Error::NoClientVerifies`].
pub fn refuse_unpublished(key: &PublicKey) -> Result<(), Error> {
    match key.algorithm().is_post_quantum() {
        true => Err(Error::NoClientVerifies(key.algorithm())),
        false => Ok(()),
    }
}

/// Opens a key as [`open`] does, of any algorithm: for who makes or tries a key that no role takes yet.
///
/// # Errors
/// If the key cannot be opened, or a probe that it signs does not verify.
pub async fn open_to_try(config: &KeyConfig) -> Result<Arc<dyn Signer>, Error> {
    let (signer, source) = match config {
        KeyConfig::File(key) => (file::open(key).await?, "file"),
        KeyConfig::Pkcs11(key) => (pkcs11::open(key).await?, "pkcs11"),
        KeyConfig::Vault(key) => (vault::open(key).await?, "vault"),
    };
    let signer = Checked::new(signer, source);
    prove(&signer).await?;
    Ok(Arc::new(signer))
}

/// Proves that a key signs, now: it is where it was, and what it signs verifies, which [`open`] sees to.
///
/// # Errors
/// If the key cannot be reached, or its signature does not verify.
pub async fn prove(signer: &dyn Signer) -> Result<(), Error> {
    signer.sign(PROBE).await.map(drop)
}

/// A new key that lives as long as the value: for one-time signing keys, and for tests.
///
/// # Errors
/// If the system gives no randomness.
pub fn ephemeral(algorithm: Algorithm) -> Result<Arc<dyn Signer>, Error> {
    PrivateKey::generate(algorithm).map(PrivateKey::into_signer)
}

/// Not a prefix of anything that a service signs, so that a probe's signature is of no use to anybody.
const PROBE: &[u8] = b"sigstead key probe: this signature states nothing";
