use std::path::PathBuf;

use sigstead_identity::FetchError;

/// Why a provider of identities signed nobody in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer.
    #[error("the provider does not answer")]
    Unreachable(#[source] FetchError),
    /// Its keys cannot be had.
    #[error("the keys of the provider cannot be had")]
    Keys(#[source] Box<sigstead_identity::Error>),
    /// Its discovery document cannot be used.
    #[error("the discovery document of the provider cannot be used: {0}")]
    Discovery(&'static str),
    /// The file with the secret cannot be read.
    #[error("cannot read {path}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It sent the person back with an error.
    #[error("the provider sent the person back with the error {0}")]
    Declined(String),
    /// The answer came from another provider than the person was sent to (RFC 9207).
    #[error("another provider answers than the person was sent to: {0}")]
    OtherProvider(String),
    /// It gives no token for the code.
    #[error("the provider gives no token for the code: {0}")]
    NoToken(String),
    /// Its token is none that can be accepted.
    #[error("the token of the provider is refused")]
    Token(#[source] Box<sigstead_identity::Error>),
    /// Its token was not made for this sign-in.
    #[error("the token of the provider is not of this sign-in: {0}")]
    OtherSignIn(&'static str),
}

impl ProviderError {
    /// Whether it may be otherwise in a moment, with nobody doing anything.
    pub(crate) const fn is_away(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Keys(_) | Self::Discovery(_) | Self::Secret { .. } => true,
            Self::Declined(_)
            | Self::OtherProvider(_)
            | Self::NoToken(_)
            | Self::Token(_)
            | Self::OtherSignIn(_) => false,
        }
    }
}
