//! What can be wrong with a key or a signature.

/// A key that is refused, or a signature that does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are not a public key.
    #[error("the public key cannot be parsed: {0}")]
    Malformed(&'static str),
    /// The key is of a kind that the algorithm registry does not list.
    #[error("public keys of this kind are not supported")]
    Unsupported,
    /// The key is well formed and insecure.
    #[error("the public key is insecure: {0}")]
    Weak(&'static str),
    /// The algorithm is not one for this key.
    #[error("the key cannot be used with the algorithm {0}")]
    AlgorithmMismatch(&'static str),
    /// The digest is not as long as the algorithm's hash.
    #[error("the digest has {found} octets, expected {expected}")]
    DigestLength {
        /// Octets that it has.
        found: usize,
        /// Octets that the hash gives.
        expected: usize,
    },
    /// The signature is not one of this key over this message.
    #[error("the signature does not verify")]
    SignatureInvalid,
}
