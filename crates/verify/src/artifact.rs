//! What was signed.

use sigstead_key::HashAlgorithm;

/// The artifact whose signature is verified.
#[derive(Debug, Clone, Copy)]
pub enum Artifact<'a> {
    /// The artifact itself.
    Bytes(&'a [u8]),
    /// Its digest.
    Digest {
        /// The hash function.
        algorithm: HashAlgorithm,
        /// What it gives for the artifact.
        digest: &'a [u8],
    },
}

impl Artifact<'_> {
    /// The artifact's digest, if it can be known.
    pub(crate) fn digest(&self, wanted: HashAlgorithm) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(wanted.digest(bytes)),
            Self::Digest { algorithm, digest } => (*algorithm == wanted
                && digest.len() == wanted.digest_length())
            .then(|| digest.to_vec()),
        }
    }
}
