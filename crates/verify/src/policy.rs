//! What a verifier asks for.

use sigstead_key::PublicKey;

/// Whose signature is asked for. Comparison is exact: a pattern that matches more than it seems to is a way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// An identity, certified by an authority of the trusted root.
    Identity {
        /// The identity as the certificate has it: an e-mail address, a URI, or `name!domain`.
        identity: String,
        /// The identity provider as the certificate names it.
        issuer: String,
    },
    /// A key.
    Key(PublicKey),
}

impl Policy {
    /// Asks for an identity.
    #[must_use]
    pub fn identity(identity: &str, issuer: &str) -> Self {
        Self::Identity {
            identity: identity.to_owned(),
            issuer: issuer.to_owned(),
        }
    }
}
