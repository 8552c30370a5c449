//! What can be wrong with a submission, an SCT or a leaf.

/// A structure or submission that is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not the structure.
    #[error("not a well formed {0}")]
    Malformed(&'static str),
    /// A part is longer than its length can say.
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// A certificate cannot be read or does not fit.
    #[error("a certificate is refused")]
    Certificate(#[from] sigstead_x509::Error),
    /// The SCT is of another log.
    #[error("the sct is of another log")]
    OtherLog,
    /// The SCT's signature does not verify.
    #[error("the signature of the sct does not verify")]
    SignatureInvalid(#[source] sigstead_key::Error),
    /// The log's key is of a kind that SCTs cannot be signed with.
    #[error("scts cannot be signed with a key of this kind")]
    KeyUnsupported,
    /// The submission holds no certificate.
    #[error("the chain is empty")]
    EmptyChain,
    /// The submission holds more certificates than a path has.
    #[error("the chain has {found} certificates, more than {most}")]
    LongChain {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A certificate of the chain is not issued by the next.
    #[error("certificate {0} of the chain is not issued by the next")]
    BrokenChain(usize),
    /// A certificate of the chain issued another without being an authority.
    #[error("certificate {0} of the chain is not that of an authority, but issued one")]
    NoAuthority(usize),
    /// The chain leads to no accepted root.
    #[error("the chain does not lead to an accepted root")]
    RootUnknown,
    /// The certificate is for nothing that the log is for.
    #[error("the extended key usages of the certificate hold none that this log takes")]
    OtherUsage,
    /// A precertificate where a certificate was announced, or the other way round.
    #[error("expected a {expected}, found a {found}")]
    WrongKind {
        /// What the endpoint takes.
        expected: &'static str,
        /// What was sent.
        found: &'static str,
    },
    /// The poison is not critical, or not NULL.
    #[error("the poison of the precertificate is malformed")]
    PoisonMalformed,
}
