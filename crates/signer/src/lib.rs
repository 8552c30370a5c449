//! The [`Signer`] trait; encrypted key files behind it.
//!
//! Specifications: RFC 5958 (PKCS #8) with PBES2 of RFC 8018 and scrypt of RFC 7914 for keys at rest; RFC 7468 for PEM.
//!
//! Provided: [`Signer`], [`open`] by configuration, [`PrivateKey`] for whoever makes keys, [`ephemeral`] keys for one
//! signature, a [`KeyRing`] of keys that follow one another, and the [`conformance`] suite of all backends.
//!
//! Deliberately absent: verification, which is a method of [`sigstead_key::PublicKey`]; any way to read a private key out of a
//! signer.

pub mod conformance;
mod error;
mod file;
mod key_config;
mod private_file;
mod private_key;
mod ring;

use std::sync::Arc;

use async_trait::async_trait;
use sigstead_key::{Algorithm, PublicKey};

pub use error::Error;
pub use key_config::{KeyConfig, KeyUri, ParseKeyUriError};
pub use private_key::PrivateKey;
pub use ring::{KeyRing, RingKey};

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

/// Opens the key that a configuration names, and proves that it signs.
///
/// # Errors
/// If the key cannot be opened, or a probe that it signs does not verify.
pub async fn open(config: &KeyConfig) -> Result<Arc<dyn Signer>, Error> {
    let signer = match &config.uri {
        KeyUri::File(path) => file::open(path, config.passphrase_file.as_deref()).await?,
    };
    prove(signer.as_ref()).await?;
    Ok(signer)
}

/// A new key that lives as long as the value: for one-time signing keys, and for tests.
///
/// # Errors
/// If the system gives no randomness.
pub fn ephemeral(algorithm: Algorithm) -> Result<Arc<dyn Signer>, Error> {
    PrivateKey::generate(algorithm).map(PrivateKey::into_signer)
}

async fn prove(signer: &dyn Signer) -> Result<(), Error> {
    let signature = signer.sign(PROBE).await?;
    signer
        .public_key()
        .verify(PROBE, &signature)
        .map_err(Error::ProbeFailed)
}

/// Not a prefix of anything that a service signs, so that a probe's signature is of no use to anybody.
const PROBE: &[u8] = b"sigstead key probe: this signature states nothing";
