//! Between the forms of PKCS #11 and those of X.509: what is to be signed, signatures, and public keys.

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode as _, Encode as _, Sequence};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use sigstead_key::{Algorithm, PublicKey};

use crate::Error;

/// The attributes of a public key.
#[derive(Default)]
pub(super) struct PublicParts {
    pub(super) is_edwards: bool,
    /// DER: the curve.
    pub(super) curve: Option<Vec<u8>>,
    /// The point, in a DER octet string or, in some tokens, bare.
    pub(super) point: Option<Vec<u8>>,
    pub(super) modulus: Option<Vec<u8>>,
    pub(super) exponent: Option<Vec<u8>>,
}

/// What a token is given to sign. It hashes for RSA and Ed25519 alone: many tokens have ECDSA over digests only.
pub(super) fn input(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 | Algorithm::EcdsaP521Sha512 => {
            algorithm.hash().digest(message)
        }
        _ => message.to_vec(),
    }
}

/// How a token signs that.
pub(super) fn mechanism(algorithm: Algorithm) -> Result<Mechanism<'static>, Error> {
    match algorithm {
        Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 | Algorithm::EcdsaP521Sha512 => {
            Ok(Mechanism::Ecdsa)
        }
        Algorithm::Ed25519 => Ok(Mechanism::Eddsa(EddsaParams::new(
            EddsaSignatureScheme::Ed25519,
        ))),
        Algorithm::RsaPkcs1v15_2048Sha256
        | Algorithm::RsaPkcs1v15_3072Sha256
        | Algorithm::RsaPkcs1v15_4096Sha256 => Ok(Mechanism::Sha256RsaPkcs),
        Algorithm::Ed25519Ph | Algorithm::MlDsa44 | Algorithm::MlDsa65 => {
            Err(Error::Unsupported(algorithm))
        }
    }
}

/// A signature as X.509 has it. A token gives r and s of ECDSA side by side, each as long as the curve's order.
pub(super) fn signature(algorithm: Algorithm, signature: Vec<u8>) -> Result<Vec<u8>, Error> {
    let octets = match algorithm {
        Algorithm::EcdsaP256Sha256 => 32,
        Algorithm::EcdsaP384Sha384 => 48,
        Algorithm::EcdsaP521Sha512 => 66,
        _ => return Ok(signature),
    };
    if signature.len() != 2 * octets {
        return Err(Error::SignatureMalformed);
    }
    let (r, s) = signature.split_at(octets);
    let malformed = |_| Error::SignatureMalformed;
    let pair = Pair {
        r: UintRef::new(r).map_err(malformed)?,
        s: UintRef::new(s).map_err(malformed)?,
    };
    pair.to_der().map_err(malformed)
}

/// `ECDSA-Sig-Value` (RFC 3279 §2.2.3), and `RSAPublicKey` (RFC 8017 §A.1.1): two numbers.
#[derive(Sequence)]
struct Pair<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// The public key of its attributes.
pub(super) fn public_key(parts: &PublicParts) -> Result<PublicKey, Error> {
    let spki = match parts {
        PublicParts {
            modulus: Some(modulus),
            exponent: Some(exponent),
            ..
        } => rsa(modulus, exponent),
        PublicParts {
            point: Some(point),
            is_edwards: true,
            ..
        } => info(ED25519, None, octets_of(point)),
        PublicParts {
            point: Some(point),
            curve: Some(curve),
            ..
        } => {
            let curve = AnyRef::from_der(curve).map_err(|_| Error::PublicHalfMalformed)?;
            info(EC_PUBLIC_KEY, Some(curve), octets_of(point))
        }
        _ => return Err(Error::PublicHalfMalformed),
    };
    PublicKey::from_spki_der(&spki?).map_err(Error::PublicKey)
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, Error> {
    let malformed = |_| Error::PublicHalfMalformed;
    let pair = Pair {
        r: UintRef::new(modulus).map_err(malformed)?,
        s: UintRef::new(exponent).map_err(malformed)?,
    };
    let pair = pair.to_der().map_err(malformed)?;
    info(RSA_ENCRYPTION, Some(AnyRef::NULL), &pair)
}

fn octets_of(point: &[u8]) -> &[u8] {
    let wrapped = <&OctetStringRef>::from_der(point);
    wrapped.map_or(point, OctetStringRef::as_bytes)
}

fn info(
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    key: &[u8],
) -> Result<Vec<u8>, Error> {
    let malformed = |_| Error::PublicHalfMalformed;
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid, parameters },
        subject_public_key: BitStringRef::from_bytes(key).map_err(malformed)?,
    };
    info.to_der().map_err(malformed)
}

/// RFC 5480 §2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8410 §3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 8017 §C.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
