//! Which algorithms clients take for which role.

use clap::ValueEnum;
use sigstead_key::Algorithm;

/// What a key is for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum KeyRole {
    Ca,
    RekorV1,
    RekorV2,
    Ctlog,
    Tsa,
    Tuf,
    Oidc,
}

impl KeyRole {
    /// What is to be used, if some client does not take this algorithm here.
    pub(crate) fn wants_instead_of(self, algorithm: Algorithm) -> Option<&'static str> {
        let is_p256 = algorithm == Algorithm::EcdsaP256Sha256;
        let (is_taken, wanted) = match self {
            Self::Oidc => (algorithm.is_rsa(), "RSA of 2048 bits or more"),
            Self::RekorV1 | Self::Tuf => (is_p256, "ECDSA P-256"),
            Self::Ctlog => (is_p256 || algorithm.is_rsa(), "ECDSA P-256"),
            Self::Ca | Self::RekorV2 | Self::Tsa => (!algorithm.is_post_quantum(), "ECDSA P-256"),
        };
        (!is_taken).then_some(wanted)
    }

    /// As it is typed.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
