//! The extensions that say what a certificate may be used for.

use std::collections::BTreeSet;

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, BitStringRef, OctetString};
use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use crate::structure::{ExtensionSequence, decode, encode};
use crate::{Error, oid};

/// One extension, its value as the certificate has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Which one.
    pub oid: ObjectIdentifier,
    /// Whether a reader must understand it.
    pub critical: bool,
    /// The content of its OCTET STRING.
    pub value: Vec<u8>,
}

/// What a key may do (RFC 5280 §4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage(u8);

/// What a certificate is for (RFC 5280 §4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// Signing of artifacts.
    CodeSigning,
    /// Timestamps.
    TimeStamping,
    /// TLS servers.
    ServerAuthentication,
    /// TLS clients.
    ClientAuthentication,
}

impl Extension {
    pub(crate) fn new(oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self {
            oid,
            critical: false,
            value,
        }
    }

    pub(crate) fn critical(oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self {
            oid,
            critical: true,
            value,
        }
    }

    /// The extensions of a certificate. More than any certificate in use has are not read.
    pub(crate) fn read_list(list: AnyRef<'_>) -> Result<Vec<Self>, Error> {
        let what = "the extensions";
        if list.tag() != Tag::Sequence {
            return Err(Error::Malformed(what));
        }
        let malformed = Error::structure(what);
        let mut reader = SliceReader::new(list.value()).map_err(&malformed)?;
        let mut known = BTreeSet::new();
        let mut extensions = Vec::new();
        while !reader.is_finished() {
            let next = ExtensionSequence::decode(&mut reader).map_err(&malformed)?;
            if extensions.len() == MAX_EXTENSIONS {
                return Err(Error::TooMany {
                    what: "extensions in a certificate",
                    most: MAX_EXTENSIONS,
                });
            }
            // RFC 5280 §4.2: two readers may each believe another one of them.
            if !known.insert(next.oid) {
                return Err(Error::DuplicateExtension(next.oid));
            }
            extensions.push(Self {
                oid: next.oid,
                critical: next.critical,
                value: next.value.as_bytes().to_vec(),
            });
        }
        Ok(extensions)
    }

    pub(crate) fn key_usage(usage: KeyUsage) -> Result<Self, Error> {
        // A named bit list has no trailing zero bits (X.690 §11.2.2).
        let unused = u8::try_from(usage.0.trailing_zeros()).unwrap_or_default();
        let bytes = [usage.0];
        let bits = BitStringRef::new(unused, &bytes).map_err(Error::structure("key usage"))?;
        Ok(Self::critical(oid::KEY_USAGE, encode("key usage", &bits)?))
    }

    pub(crate) fn extended_key_usage(usage: ExtendedKeyUsage) -> Result<Self, Error> {
        let value = encode("extended key usage", &vec![usage.oid()])?;
        Ok(Self::new(oid::EXTENDED_KEY_USAGE, value))
    }

    pub(crate) fn subject_key_identifier(identifier: &[u8]) -> Result<Self, Error> {
        let octets = OctetString::new(identifier).map_err(Error::structure("a key identifier"))?;
        Ok(Self::new(
            oid::SUBJECT_KEY_IDENTIFIER,
            encode("a key identifier", &octets)?,
        ))
    }

    pub(crate) fn authority_key_identifier(identifier: &[u8]) -> Result<Self, Error> {
        let octets = OctetString::new(identifier).map_err(Error::structure("a key identifier"))?;
        let value = AuthorityKeyIdentifier {
            key_identifier: Some(octets),
            authority_cert_issuer: None,
            authority_cert_serial_number: None,
        };
        Ok(Self::new(
            oid::AUTHORITY_KEY_IDENTIFIER,
            encode("a key identifier", &value)?,
        ))
    }
}

impl KeyUsage {
    /// Signatures over anything but certificates and revocation lists.
    pub const DIGITAL_SIGNATURE: Self = Self(0x80);
    /// Signatures over certificates.
    pub const KEY_CERT_SIGN: Self = Self(0x04);
    /// Signatures over revocation lists.
    pub const CRL_SIGN: Self = Self(0x02);

    /// Both usages.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Error> {
        let bits: BitStringRef<'_> = decode("key usage", der)?;
        // The ninth bit, decipherOnly, is of no interest here.
        Ok(Self(bits.raw_bytes().first().copied().unwrap_or_default()))
    }
}

impl ExtendedKeyUsage {
    /// Its object identifier.
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::CodeSigning => oid::CODE_SIGNING,
            Self::TimeStamping => oid::TIME_STAMPING,
            Self::ServerAuthentication => oid::SERVER_AUTH,
            Self::ClientAuthentication => oid::CLIENT_AUTH,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CodeSigning => "code signing",
            Self::TimeStamping => "time stamping",
            Self::ServerAuthentication => "tls servers",
            Self::ClientAuthentication => "tls clients",
        }
    }
}

/// Fulcio's certificates have about thirty. Who sends a certificate chooses how many it has.
const MAX_EXTENSIONS: usize = 64;
