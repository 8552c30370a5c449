//! The keys with which certificates are issued.

/// Of which kinds the keys of authority and issuer are. The CT log's key and the clients' are P-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Variant {
    pub(crate) authority: Curve,
    pub(crate) token: TokenAlgorithm,
}

/// Of root and issuing certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Curve {
    P256,
    P384,
}

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TokenAlgorithm {
    /// With RSA of 2048 bits.
    Rs256,
    Es256,
}

impl Variant {
    pub(crate) const fn of(authority: Curve, token: TokenAlgorithm) -> Self {
        Self { authority, token }
    }

    pub(crate) const fn ours(self) -> &'static str {
        match (self.authority, self.token) {
            (Curve::P256, TokenAlgorithm::Rs256) => "sigstead ca",
            (Curve::P256, TokenAlgorithm::Es256) => "ca es256",
            (Curve::P384, TokenAlgorithm::Rs256) => "ca p384",
            (Curve::P384, TokenAlgorithm::Es256) => "ca p384 es256",
        }
    }

    pub(crate) const fn fulcio(self) -> &'static str {
        match (self.authority, self.token) {
            (Curve::P256, TokenAlgorithm::Rs256) => "fulcio",
            (Curve::P256, TokenAlgorithm::Es256) => "fulcio-es256",
            (Curve::P384, TokenAlgorithm::Rs256) => "fulcio-p384",
            (Curve::P384, TokenAlgorithm::Es256) => "fulcio-p384-es256",
        }
    }
}

impl TokenAlgorithm {
    /// Its name in a token (RFC 7518 §3.1).
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}
