//! What can be wrong with a request or a response.

/// A request or response that is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not the structure.
    #[error("not a well formed {0}")]
    Malformed(&'static str),
    /// The request is of another version.
    #[error("the version of the request is {0}, not 1")]
    Version(u8),
    /// The digest is of a hash that is too weak.
    #[error("weak hash algorithm in timestamp request")]
    HashWeak,
    /// The digest is of a hash that is not known here.
    #[error("the hash algorithm {0} of the request is not accepted")]
    HashUnknown(String),
    /// The hash is named with parameters, which no hash has.
    #[error("the hash algorithm of the request has parameters")]
    HashParameters,
    /// The digest is not as long as its hash makes it.
    #[error("message digest has incorrect length for specified hash algorithm")]
    DigestLength,
    /// The nonce is longer than any client sends.
    #[error("the nonce has {found} octets, more than {most}")]
    NonceLong {
        /// Octets that it has.
        found: usize,
        /// Octets that it may have.
        most: usize,
    },
    /// The policy is no object identifier, or too long.
    #[error("the policy is not an object identifier")]
    PolicyMalformed,
    /// The request asks for extensions.
    #[error("extensions in the request are not accepted")]
    ExtensionsUnknown,
    /// The signing key is of a kind that tokens are not signed with.
    #[error("timestamps cannot be signed with a key of this kind")]
    KeyUnsupported,
    /// The authority refused.
    #[error("the response has status {0}, not granted")]
    NotGranted(u8),
    /// The statement has a critical extension that nobody here understands.
    #[error("the critical extension {0} of the timestamp is not understood")]
    CriticalExtension(String),
    /// The time is over another message.
    #[error("the timestamp is over another message")]
    ImprintMismatch,
    /// The token is signed by another certificate than the authority's.
    #[error("the timestamp is signed by another certificate than the authority's")]
    OtherSigner,
    /// A signed attribute is missing, doubled or wrong.
    #[error("the signed attribute {0} is missing or wrong")]
    Attribute(&'static str),
    /// The signature does not verify.
    #[error("the signature of the timestamp does not verify")]
    SignatureInvalid(#[source] sigstead_key::Error),
    /// The certificate is not one for time stamping alone.
    #[error("the certificate is not for time stamping alone")]
    Purpose,
    /// The authority's chain does not verify at the time.
    #[error("the chain of the timestamp authority does not verify")]
    Chain(#[from] sigstead_x509::Error),
}
