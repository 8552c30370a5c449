//! Why a key cannot be opened or does not sign.

use std::io;
use std::path::PathBuf;

use sigstead_key::Algorithm;

use crate::key_config::Pkcs11Key;

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
    /// Keys of that algorithm can be made and tried, and serve no role.
    #[error(
        "E-KEY-047: no role takes a key of {}: the clients of Sigstore do not verify it yet; ca, tlog, ctlog, tsa, tuf, the \
         operator and holders take ECDSA P-256, and oidc RSA of 2048 bits or more",
        .0.key_details()
    )]
    NoClientVerifies(Algorithm),
    /// The public half is refused.
    #[error("the public half of the key is refused")]
    PublicKey(#[source] sigstead_key::Error),
    /// The key did not sign.
    #[error("the key did not sign")]
    SigningFailed,
    /// The key signs, but not with its public half.
    #[error(
        "E-KEY-001: a signature does not verify under the key {key} that it was asked of, and was thrown away; the key is \
         broken, or another is in its place"
    )]
    SignatureWrong {
        /// Fingerprint of the key that was opened.
        key: String,
        /// Why.
        source: sigstead_key::Error,
    },
    /// The library of a token cannot be loaded or started.
    #[error("E-KEY-002: the library {path} cannot be started: {why}")]
    Module {
        /// The library.
        path: PathBuf,
        /// What it says.
        why: String,
    },
    /// No token is as the URI says.
    #[error("E-KEY-003: no token is there for {0}; plug it in, or correct its name")]
    TokenAbsent(String),
    /// Several tokens are as the URI says.
    #[error("E-KEY-004: several tokens are there for {0}; name one by token and serial")]
    TokenAmbiguous(String),
    /// The token has no such private key.
    #[error("E-KEY-005: the token has no private key {0}")]
    KeyAbsent(String),
    /// The token has several such private keys.
    #[error("E-KEY-006: the token has several private keys {0}; name one by object and id")]
    KeyAmbiguous(String),
    /// The token has not one public half for the key.
    #[error(
        "E-KEY-007: the token has not one public key for {0}; put its public half beside it, with the same id"
    )]
    PublicHalfAbsent(String),
    /// The public half is of a kind that is not used.
    #[error("E-KEY-007: the public half in the token is of a form that is not used here")]
    PublicHalfMalformed,
    /// The token refused the PIN.
    #[error(
        "E-KEY-008: the token `{0}` refuses the PIN, and is not asked again with the same; write the right one into pin_file"
    )]
    PinRefused(String),
    /// One more wrong PIN would lock the token.
    #[error(
        "E-KEY-009: the token `{0}` locks itself with the next wrong PIN, so none is shown to it; log in once by its own program"
    )]
    PinLastTry(String),
    /// The PIN is locked.
    #[error("E-KEY-009: the PIN of the token `{0}` is locked; its security officer unlocks it")]
    PinLocked(String),
    /// The PIN file is not text.
    #[error("E-KEY-008: the PIN file is not text")]
    PinMalformed,
    /// The token did not do what it was asked.
    #[error("E-KEY-010: the token did not do what it was asked for {uri}: {why}")]
    Token {
        /// The key.
        uri: String,
        /// The function and what it returned.
        why: String,
    },
    /// The token did not answer in time.
    #[error("E-KEY-011: the token does not answer; try again")]
    TokenSlow,
    /// The token has more to do than it can.
    #[error("E-KEY-012: the token has too much to do; try again")]
    TokenBusy,
    /// What a token or a server gave is no signature of the key's algorithm.
    #[error(
        "E-KEY-001: what was given is no signature of the key's algorithm, and was thrown away"
    )]
    SignatureMalformed,
    /// The file of the authorities, or the token, is not one.
    #[error("E-KEY-039: {path} is not what the configuration says: {why}")]
    VaultFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No connection to the server, or none that it certifies.
    #[error("E-KEY-030: the server at {address} cannot be reached")]
    VaultUnreached {
        /// Its address.
        address: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server is sealed, on standby or has too much to do.
    #[error(
        "E-KEY-031: the server at {address} does nothing at the moment, and answers {status}: {why}"
    )]
    VaultUnavailable {
        /// Its address.
        address: String,
        /// The status.
        status: u16,
        /// What it says.
        why: String,
    },
    /// The server did not answer in time.
    #[error("E-KEY-032: the server at {0} does not answer; try again")]
    VaultSlow(String),
    /// The token has ended, was revoked or never was one.
    #[error("E-KEY-033: the server does not take the token in {0}; write a new one into the file")]
    VaultTokenRefused(PathBuf),
    /// The token is good, and its policies do not allow this.
    #[error("E-KEY-034: the policies of the token do not allow {capability} of {path}")]
    VaultDenied {
        /// As a policy names it.
        capability: &'static str,
        /// As a policy names it.
        path: String,
    },
    /// The server has no such key, or no such version of it.
    #[error("E-KEY-035: the server has no key {uri}: {why}")]
    VaultKeyAbsent {
        /// The key.
        uri: String,
        /// What is missing.
        why: String,
    },
    /// The server has a key of that name, where a new one was to be.
    #[error("the server has a key {0} already")]
    VaultKeyThere(String),
    /// The key is none that signs here.
    #[error("E-KEY-036: the key {uri} is of the type {kind}, which does not sign here")]
    VaultKeyKind {
        /// The key.
        uri: String,
        /// As the server names it.
        kind: String,
    },
    /// The server refused what it was asked.
    #[error("E-KEY-037: the server refused what it was asked for {uri}, with {status}: {why}")]
    VaultRefused {
        /// The key.
        uri: String,
        /// The status.
        status: u16,
        /// What it says.
        why: String,
    },
    /// The server gave no answer of its interface.
    #[error("E-KEY-038: what the server answered for {0} is no answer of a transit engine")]
    VaultAnswer(String),
    /// The system gives no randomness, or a cipher failed.
    #[error("the cryptographic library failed")]
    Library,
}

impl Error {
    /// An answer of the library.
    pub(crate) fn token(key: &Pkcs11Key, error: &cryptoki::error::Error) -> Self {
        Self::Token {
            uri: key.uri.to_string(),
            why: error.to_string(),
        }
    }

    /// Whether a fresh look at the token may help.
    pub(crate) const fn is_of_a_lost_token(&self) -> bool {
        matches!(
            self,
            Self::Module { .. }
                | Self::TokenAbsent(_)
                | Self::KeyAbsent(_)
                | Self::PublicHalfAbsent(_)
                | Self::Token { .. }
        )
    }

    /// Whether the same may go well later without anybody changing a configuration: the token or the server is away, or behind,
    /// or waits for a new token in the file that another program writes.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        self.is_of_a_lost_token()
            || matches!(
                self,
                Self::TokenSlow
                    | Self::TokenBusy
                    | Self::VaultUnreached { .. }
                    | Self::VaultUnavailable { .. }
                    | Self::VaultSlow(_)
                    | Self::VaultTokenRefused(_)
            )
    }
}
