//! How a signature was made, as certificates and signed data state it.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Encode as _, Sequence};
use spki::AlgorithmIdentifierRef;

use crate::algorithm::{Algorithm, HashAlgorithm};
use crate::error::Error;

/// An `AlgorithmIdentifier` of a signature (RFC 5280 §4.1.1.2). It names the hash, which need not be the one that the
/// registry pairs with the key: an authority may sign with P-384 and SHA-256, or with RSA and SHA-512.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA (RFC 5758 §3.2).
    Ecdsa(HashAlgorithm),
    /// RSA PKCS #1 v1.5 (RFC 4055 §5).
    RsaPkcs1v15(HashAlgorithm),
    /// RSASSA-PSS with one hash for message and mask, and a salt of its length (RFC 4055 §3.1).
    RsaPss(HashAlgorithm),
    /// Ed25519 (RFC 8410 §3).
    Ed25519,
}

impl SignatureAlgorithm {
    /// What a key states about its signatures by default. Ed25519ph has no identifier, and that of ML-DSA is read by no
    /// client.
    #[must_use]
    pub const fn of(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::EcdsaP256Sha256
            | Algorithm::EcdsaP384Sha384
            | Algorithm::EcdsaP521Sha512 => Some(Self::Ecdsa(algorithm.hash())),
            Algorithm::Ed25519 => Some(Self::Ed25519),
            Algorithm::RsaPkcs1v15_2048Sha256
            | Algorithm::RsaPkcs1v15_3072Sha256
            | Algorithm::RsaPkcs1v15_4096Sha256 => Some(Self::RsaPkcs1v15(algorithm.hash())),
            Algorithm::Ed25519Ph | Algorithm::MlDsa44 | Algorithm::MlDsa65 => None,
        }
    }

    /// Reads an `AlgorithmIdentifier`.
    ///
    /// # Errors
    /// If it is malformed, or of an algorithm or with parameters that are not in use.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let id = AlgorithmIdentifierRef::from_der(der)
            .map_err(|_| Error::Malformed("not a signature algorithm"))?;
        if id.oid == RSASSA_PSS {
            return pss(id.parameters.ok_or(Error::Unsupported)?);
        }
        let (_, algorithm) = NAMED
            .iter()
            .find(|(oid, _)| *oid == id.oid)
            .ok_or(Error::Unsupported)?;
        // RFC 4055 §5: readers take RSA with and without NULL. The others have no parameters.
        let may_be_null = matches!(algorithm, Self::RsaPkcs1v15(_));
        match id.parameters {
            None => Ok(*algorithm),
            Some(parameters) if may_be_null && parameters.is_null() => Ok(*algorithm),
            Some(_) => Err(Error::Malformed(
                "the parameters of the signature algorithm",
            )),
        }
    }

    /// Writes the `AlgorithmIdentifier`.
    ///
    /// # Errors
    /// If it is RSASSA-PSS, which nobody here signs with.
    pub fn to_der(self) -> Result<Vec<u8>, Error> {
        let (oid, _) = NAMED
            .iter()
            .find(|(_, algorithm)| *algorithm == self)
            .ok_or(Error::Unsupported)?;
        let parameters = matches!(self, Self::RsaPkcs1v15(_)).then_some(AnyRef::NULL);
        AlgorithmIdentifierRef {
            oid: *oid,
            parameters,
        }
        .to_der()
        .map_err(|_| Error::Unsupported)
    }

    /// The hash that it names; Ed25519 has its own inside.
    #[must_use]
    pub const fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::Ecdsa(hash) | Self::RsaPkcs1v15(hash) | Self::RsaPss(hash) => Some(hash),
            Self::Ed25519 => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ecdsa(_) => "ecdsa",
            Self::RsaPkcs1v15(_) => "rsa",
            Self::RsaPss(_) => "rsassa-pss",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// RFC 4055 §3.1. What is left out means SHA-1, which is not in use.
#[derive(Sequence)]
struct PssParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask_generation: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<u8>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer_field: Option<u8>,
}

fn pss(parameters: AnyRef<'_>) -> Result<SignatureAlgorithm, Error> {
    let malformed = |_| Error::Malformed("the parameters of the signature algorithm");
    let parameters: PssParameters<'_> = parameters.decode_as().map_err(malformed)?;
    let hash = hash_of(parameters.hash)?;
    let mask = parameters.mask_generation.ok_or(Error::Unsupported)?;
    let of_mask = mask.parameters.map(|of_mask| of_mask.decode_as());
    let is_same = mask.oid == MGF1 && hash_of(of_mask.transpose().map_err(malformed)?)? == hash;
    let salt_length = parameters.salt_length.map(usize::from);
    if !is_same
        || salt_length != Some(hash.digest_length())
        || parameters.trailer_field.is_some_and(|field| field != 1)
    {
        return Err(Error::Unsupported);
    }
    Ok(SignatureAlgorithm::RsaPss(hash))
}

fn hash_of(id: Option<AlgorithmIdentifierRef<'_>>) -> Result<HashAlgorithm, Error> {
    let id = id.ok_or(Error::Unsupported)?;
    if id
        .parameters
        .is_some_and(|parameters| !parameters.is_null())
    {
        return Err(Error::Malformed("the parameters of a hash"));
    }
    match id.oid {
        SHA256 => Ok(HashAlgorithm::Sha256),
        SHA384 => Ok(HashAlgorithm::Sha384),
        SHA512 => Ok(HashAlgorithm::Sha512),
        _ => Err(Error::Unsupported),
    }
}

const NAMED: [(ObjectIdentifier, SignatureAlgorithm); 7] = [
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
        SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256),
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
        SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha384),
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
        SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha512),
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
        SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha256),
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
        SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha384),
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
        SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha512),
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.101.112"),
        SignatureAlgorithm::Ed25519,
    ),
];

const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
