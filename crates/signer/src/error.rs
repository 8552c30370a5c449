//! Why a key cannot be opened or does not sign.

use std::io;
use std::path::PathBuf;

use sigstead_key::Algorithm;

/// A key that cannot be opened or does not sign.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the key cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the key is open to others than its owner.
    #[error("{path} has mode {mode:04o}: {who}; run: chmod 600 {path}")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Who can use it, and how.
        who: &'static str,
    },
    /// The key is encrypted and no passphrase is named.
    #[error("the key is encrypted; name its passphrase file")]
    PassphraseMissing,
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the key")]
    PassphraseWrong,
    /// The bytes are not a private key.
    #[error("not a private key in pkcs #8 pem form")]
    Malformed,
    /// No key of that algorithm can be made or used here.
    #[error("no private keys of the algorithm {0:?} here")]
    Unsupported(Algorithm),
    /// The public half is refused.
    #[error("the public half of the key is refused")]
    PublicKey(#[source] sigstead_key::Error),
    /// The key did not sign.
    #[error("the key did not sign")]
    SigningFailed,
    /// The key signs, but not with its public half.
    #[error("a probe that the key signed does not verify")]
    ProbeFailed(#[source] sigstead_key::Error),
    /// The system gives no randomness, or a cipher failed.
    #[error("the cryptographic library failed")]
    Library,
}
