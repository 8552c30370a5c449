//! The structures of RFC 5280 §4.1, for reading and for writing.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use der::{Decode, Encode, Sequence, Tag, Tagged as _};
use sigstead_key::{Algorithm, SignatureAlgorithm};
use spki::SubjectPublicKeyInfoRef;
use x509_cert::time::Time;

use crate::error::Error;

#[derive(Sequence)]
pub(crate) struct CertificateSequence<'a> {
    pub(crate) tbs: AnyRef<'a>,
    pub(crate) signature_algorithm: AnyRef<'a>,
    pub(crate) signature: BitStringRef<'a>,
}

#[derive(Sequence)]
pub(crate) struct TbsSequence<'a> {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(crate) version: u8,
    pub(crate) serial: AnyRef<'a>,
    pub(crate) signature_algorithm: AnyRef<'a>,
    pub(crate) issuer: AnyRef<'a>,
    pub(crate) validity: ValiditySequence,
    pub(crate) subject: AnyRef<'a>,
    pub(crate) subject_public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<AnyRef<'a>>,
}

#[derive(Sequence, Clone, Copy)]
pub(crate) struct ValiditySequence {
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
}

#[derive(Sequence)]
pub(crate) struct ExtensionSequence<'a> {
    pub(crate) oid: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    pub(crate) critical: bool,
    pub(crate) value: &'a OctetStringRef,
}

impl TbsSequence<'_> {
    /// Of the elements that are kept as they came, nothing but the kind is looked at.
    pub(crate) fn check_kept(&self) -> Result<(), Error> {
        if self.serial.tag() != Tag::Integer || self.serial.value().is_empty() {
            return Err(Error::Malformed("the serial number"));
        }
        let sequences = [
            (self.signature_algorithm, "the signature algorithm"),
            (self.issuer, "the issuer's name"),
            (self.subject, "the subject's name"),
        ];
        let other = sequences
            .iter()
            .find(|(element, _)| element.tag() != Tag::Sequence);
        other.map_or(Ok(()), |(_, what)| Err(Error::Malformed(what)))
    }
}

/// The version field of X.509 v3.
pub(crate) const VERSION_3: u8 = 2;

pub(crate) fn decode<'a, T: Decode<'a, Error = der::Error>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, Error> {
    T::from_der(bytes).map_err(Error::structure(what))
}

pub(crate) fn encode(what: &'static str, value: &impl Encode) -> Result<Vec<u8>, Error> {
    value.to_der().map_err(Error::structure(what))
}

/// The signature algorithm that a key of `algorithm` writes.
pub(crate) fn signature_algorithm(algorithm: Algorithm) -> Result<Vec<u8>, Error> {
    SignatureAlgorithm::of(algorithm)
        .ok_or(Error::AlgorithmMismatch)?
        .to_der()
        .map_err(|_| Error::AlgorithmMismatch)
}

/// RFC 7093 §2, method 1: the first 160 bits of SHA-256 over the key's bits.
pub(crate) fn key_identifier(spki: &[u8]) -> Result<Vec<u8>, Error> {
    let info: SubjectPublicKeyInfoRef<'_> = decode("the public key", spki)?;
    let mut digest =
        sigstead_key::HashAlgorithm::Sha256.digest(info.subject_public_key.raw_bytes());
    digest.truncate(20);
    Ok(digest)
}
