use sigstead_key::HashAlgorithm;
use time::OffsetDateTime;

/// A token that gets one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingleUse {
    /// SHA-256 of what its issuer signed. The signature is not in it, because one of ECDSA can be written in two ways, and the
    /// token would be good once in each.
    pub digest: [u8; 32],
    /// When it ends by itself.
    pub until: OffsetDateTime,
}

impl SingleUse {
    pub(crate) fn of(signing_input: &str, until: OffsetDateTime) -> Self {
        let mut digest = [0; 32];
        let computed = HashAlgorithm::Sha256.digest(signing_input.as_bytes());
        digest
            .iter_mut()
            .zip(computed)
            .for_each(|(to, from)| *to = from);
        Self { digest, until }
    }
}
