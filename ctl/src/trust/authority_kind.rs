//! The authorities whose chains follow one another.

use sigstead_trust_root::{AuthorityChains, CertificateAuthority, Error, TrustState, TrustedRoot};

/// Whose chains are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthorityKind {
    /// Of the certificate authority.
    Certificate,
    /// Of the timestamp authority.
    Timestamp,
}

impl AuthorityKind {
    /// The chains in a trust state.
    pub(crate) const fn chains(self, state: &TrustState) -> &AuthorityChains {
        match self {
            Self::Certificate => &state.certificate_authorities,
            Self::Timestamp => &state.timestamp_authorities,
        }
    }

    /// The chains in a trusted root.
    pub(crate) const fn trusted(self, root: &mut TrustedRoot) -> &mut Vec<CertificateAuthority> {
        match self {
            Self::Certificate => &mut root.certificate_authorities,
            Self::Timestamp => &mut root.timestamp_authorities,
        }
    }

    /// The state with other chains.
    pub(crate) fn change(
        self,
        mut state: TrustState,
        change: impl FnOnce(AuthorityChains) -> Result<AuthorityChains, Error>,
    ) -> Result<TrustState, Error> {
        let chains = match self {
            Self::Certificate => &mut state.certificate_authorities,
            Self::Timestamp => &mut state.timestamp_authorities,
        };
        *chains = change(std::mem::take(chains))?;
        Ok(state)
    }
}
