//! What can be wrong with a certificate.

use const_oid::ObjectIdentifier;
use time::OffsetDateTime;

/// A certificate, request or chain that is refused, or a profile that cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes have not the structure of what they should be.
    #[error("{what} is malformed")]
    Structure {
        /// What should be read.
        what: &'static str,
        /// Where it ends.
        source: der::Error,
    },
    /// The bytes have the structure, but not the meaning.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// There is more of something than any certificate or path in use has.
    #[error("there are more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are read.
        most: usize,
    },
    /// The text is not PEM of certificates or a request.
    #[error("not a pem block of {0}")]
    Pem(&'static str),
    /// The public key is refused.
    #[error("the certificate's public key is refused")]
    PublicKey(#[source] sigstead_key::Error),
    /// An extension stands twice.
    #[error("the extension {0} stands twice")]
    DuplicateExtension(ObjectIdentifier),
    /// An extension is missing.
    #[error("the extension {0} is missing")]
    ExtensionMissing(ObjectIdentifier),
    /// An extension that nobody here understands is critical.
    #[error("the critical extension {0} is not understood")]
    CriticalExtension(ObjectIdentifier),
    /// The two extensions that name the issuer of the identity differ.
    #[error("the certificate names two issuers of its identity")]
    IssuerAmbiguous,
    /// The signature algorithm is unknown, or not one for the issuer's key.
    #[error("the signature algorithm is not one for the signing key")]
    AlgorithmMismatch,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    SignatureInvalid(#[source] sigstead_key::Error),
    /// The issuer's name is not the name of the certificate that should have issued.
    #[error("the issuer's name is another one")]
    IssuerMismatch,
    /// The certificate does not cover a time.
    #[error("not valid at {at}: the certificate is for {not_before} to {not_after}")]
    NotValidAt {
        /// The time.
        at: OffsetDateTime,
        /// The first second of the certificate.
        not_before: OffsetDateTime,
        /// The last second of the certificate.
        not_after: OffsetDateTime,
    },
    /// A certificate that should have issued another is not one of an authority.
    #[error("a certificate of the chain may not issue certificates")]
    NotAnAuthority,
    /// The chain is longer than an authority in it allows.
    #[error("the chain is longer than an authority in it allows")]
    PathLength,
    /// A certificate of the chain may not be used for this.
    #[error("a certificate of the chain may not be used for {0}")]
    Usage(&'static str),
    /// A name of the certificate is one that an authority above it may not certify.
    #[error("an authority of the chain may not issue certificates for this name")]
    NameConstrained,
    /// No chain leads to a trusted certificate.
    #[error("no chain leads to a trusted certificate")]
    NoPath,
    /// The values do not fit the profile.
    #[error("the certificate cannot be made: {0}")]
    Profile(&'static str),
}

impl Error {
    pub(crate) fn structure(what: &'static str) -> impl Fn(der::Error) -> Self {
        move |source| Self::Structure { what, source }
    }
}
