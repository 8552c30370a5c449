//! `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), in the one encoding that every client reads.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode as _, Encode as _};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::rsa;

/// The algorithm of a key, and the key itself in the form of its algorithm.
pub(crate) fn read(spki: &[u8]) -> Result<(Algorithm, Vec<u8>), Error> {
    let info = SubjectPublicKeyInfoRef::from_der(spki)
        .map_err(|_| Error::Malformed("not a SubjectPublicKeyInfo"))?;
    let raw = info
        .subject_public_key
        .as_bytes()
        .ok_or(Error::Malformed("the key is not a whole number of octets"))?;
    let algorithm = match (info.algorithm.oid, info.algorithm.parameters) {
        (EC_PUBLIC_KEY, Some(curve)) => elliptic(curve, raw)?,
        (ED25519, None) => Algorithm::Ed25519,
        (ML_DSA_44, None) => Algorithm::MlDsa44,
        (ML_DSA_65, None) => Algorithm::MlDsa65,
        (RSA_ENCRYPTION, Some(parameters)) if parameters.is_null() => rsa::algorithm(raw)?,
        (EC_PUBLIC_KEY | ED25519 | RSA_ENCRYPTION | ML_DSA_44 | ML_DSA_65, _) => {
            return Err(Error::Malformed("the parameters of its algorithm"));
        }
        _ => return Err(Error::Unsupported),
    };
    // Two encodings of one key would be two keys to a program that compares bytes.
    if info.to_der().ok().as_deref() != Some(spki) {
        return Err(Error::Malformed("not the one encoding of the key"));
    }
    Ok((algorithm, raw.to_vec()))
}

/// The `SubjectPublicKeyInfo` of a PKCS #1 key.
pub(crate) fn of_pkcs1(pkcs1: &[u8]) -> Result<Vec<u8>, Error> {
    let malformed = |_| Error::Malformed("not an rsa key");
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef {
            oid: RSA_ENCRYPTION,
            parameters: Some(AnyRef::NULL),
        },
        subject_public_key: BitStringRef::from_bytes(pkcs1).map_err(malformed)?,
    };
    info.to_der().map_err(malformed)
}

/// Compressed points are refused although the library reads them: Go and Java do not.
fn elliptic(curve: AnyRef<'_>, raw: &[u8]) -> Result<Algorithm, Error> {
    let curve: ObjectIdentifier = curve.decode_as().map_err(|_| Error::Unsupported)?;
    let (algorithm, coordinate_octets) = match curve {
        SECP256R1 => (Algorithm::EcdsaP256Sha256, 32),
        SECP384R1 => (Algorithm::EcdsaP384Sha384, 48),
        SECP521R1 => (Algorithm::EcdsaP521Sha512, 66),
        _ => return Err(Error::Unsupported),
    };
    if raw.first() != Some(&UNCOMPRESSED) || raw.len() != 1 + 2 * coordinate_octets {
        return Err(Error::Malformed("the point is not uncompressed"));
    }
    Ok(algorithm)
}

/// SEC 1 §2.3.3.
const UNCOMPRESSED: u8 = 4;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 9881 §2.
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
