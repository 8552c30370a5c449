/// Why an entry is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The algorithm is not one whose signatures can be checked against a digest.
    #[error("the log does not take signatures of {0}")]
    AlgorithmNotAllowed(&'static str),
    /// The algorithm is not one for the key.
    #[error("the key is not one for {0}")]
    AlgorithmMismatch(&'static str),
    /// The digest is not as long as the algorithm's hash.
    #[error("a digest of {found} bytes where {expected} are expected")]
    DigestLength {
        /// The bytes of the digest.
        found: usize,
        /// The bytes that the hash gives.
        expected: usize,
    },
    /// The public key cannot be read, or is weak.
    #[error("the public key is not acceptable")]
    PublicKey(#[source] sigstead_key::Error),
    /// The certificate cannot be read, or its key is weak.
    #[error("the certificate is not acceptable")]
    Certificate(#[source] sigstead_x509::Error),
    /// The signature is not one of the key over the digest.
    #[error("the signature does not fit the digest and the key")]
    SignatureInvalid,
    /// The body would not fit into a bundle of entries.
    #[error("an entry of {0} bytes is longer than 65535")]
    TooLong(usize),
    /// The body is not an entry of this kind and version, or not in its one spelling.
    #[error("the body is not a canonical entry of kind hashedrekord 0.0.2")]
    NotCanonical,
}
