//! A public key in `SubjectPublicKeyInfo` form.

use std::fmt;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1,
    ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm,
};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode as _, Encode as _, Sequence};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::{Algorithm, Error, HashAlgorithm, ed25519ph, pem};

/// A public key that the algorithm registry knows and that is not weak.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    algorithm: Algorithm,
    raw: Vec<u8>,
    /// Parsed once: a log verifies with the same key more than once, and parsing costs a point check.
    parsed: ParsedPublicKey,
}

/// The identifier of a log: SHA-256 of its key's `SubjectPublicKeyInfo` (RFC 6962 §3.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId([u8; 32]);

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// If it is not one, is of an unknown kind, or is weak.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, Error> {
        let info = SubjectPublicKeyInfoRef::from_der(spki)
            .map_err(|_| Error::Malformed("not a SubjectPublicKeyInfo"))?;
        let raw = info
            .subject_public_key
            .as_bytes()
            .ok_or(Error::Malformed("the key is not a whole number of octets"))?;
        let algorithm = algorithm_of(&info.algorithm, raw)?;
        let parsed = ParsedPublicKey::new(verification(algorithm), raw)
            .map_err(|_| Error::Malformed("not a key of its algorithm"))?;
        Ok(Self {
            spki: spki.to_vec(),
            algorithm,
            raw: raw.to_vec(),
            parsed,
        })
    }

    /// Reads a PEM block `PUBLIC KEY` or `RSA PUBLIC KEY`, with lines of any length.
    ///
    /// # Errors
    /// As [`Self::from_spki_der`], or if it is no such block.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        match pem::decode(text)? {
            ("PUBLIC KEY", spki) => Self::from_spki_der(&spki),
            ("RSA PUBLIC KEY", key) => Self::from_spki_der(&rsa_spki(&key)?),
            _ => Err(Error::Malformed("not a pem block of a public key")),
        }
    }

    /// Reads PEM if it looks like it, else DER.
    ///
    /// # Errors
    /// As [`Self::from_spki_der`].
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Self, Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN ") => Self::from_pem(text),
            _ => Self::from_spki_der(bytes),
        }
    }

    /// The `SubjectPublicKeyInfo`, DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// PEM with lines of 64 columns and a final newline.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki)
    }

    /// The default algorithm of the key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn log_id(&self) -> LogId {
        let digest = HashAlgorithm::Sha256.digest(&self.spki);
        let mut id = [0; 32];
        id.copy_from_slice(&digest);
        LogId(id)
    }

    /// How the key is named to people: `SHA256:` and the hex of [`Self::log_id`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", self.log_id())
    }

    /// The 32 octets of an Ed25519 key.
    #[must_use]
    pub fn raw_ed25519(&self) -> Option<[u8; 32]> {
        matches!(self.algorithm, Algorithm::Ed25519).then(|| self.raw.as_slice().try_into().ok())?
    }

    /// Verifies a signature over a message with the key's default algorithm.
    ///
    /// # Errors
    /// If it does not verify.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        self.parsed
            .verify_sig(message, signature)
            .map_err(|_| Error::SignatureInvalid)
    }

    /// Verifies a signature over a message with one of the key's algorithms.
    ///
    /// # Errors
    /// If the algorithm is not one for this key, or the signature does not verify.
    pub fn verify_as(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        if algorithm == Algorithm::Ed25519Ph {
            let digest = HashAlgorithm::Sha512.digest(message);
            return self.verify_prehashed(algorithm, &digest, signature);
        }
        self.expect(algorithm)?;
        self.verify(message, signature)
    }

    /// Verifies a signature whose message is known by its digest only. Pure Ed25519 cannot do that.
    ///
    /// # Errors
    /// If the algorithm is not one for this key and a digest, the digest has another length, or the signature does not
    /// verify.
    pub fn verify_prehashed(
        &self,
        algorithm: Algorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let hash = algorithm.hash();
        if digest.len() != hash.digest_length() {
            return Err(Error::DigestLength {
                found: digest.len(),
                expected: hash.digest_length(),
            });
        }
        if algorithm == Algorithm::Ed25519Ph {
            let mismatch = Error::AlgorithmMismatch(algorithm.key_details());
            return ed25519ph::verify(&self.raw_ed25519().ok_or(mismatch)?, digest, signature);
        }
        self.expect(algorithm)?;
        if algorithm == Algorithm::Ed25519 {
            return Err(Error::AlgorithmMismatch(algorithm.key_details()));
        }
        let digest = Digest::import_less_safe(digest, hash.implementation())
            .map_err(|_| Error::SignatureInvalid)?;
        self.parsed
            .verify_digest_sig(&digest, signature)
            .map_err(|_| Error::SignatureInvalid)
    }

    /// Verifies a signature over a message, for formats that name the hash apart from the key (RFC 5652 §5.3): the
    /// timestamp authorities of the public instance sign with P-384 and SHA-256, a pair that the registry does not have.
    ///
    /// # Errors
    /// If the hash is not one for this key, or the signature does not verify.
    pub fn verify_with_hash(
        &self,
        hash: HashAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        if hash == self.algorithm.hash() {
            return self.verify(message, signature);
        }
        let verification: &'static dyn VerificationAlgorithm = match (self.algorithm, hash) {
            (Algorithm::EcdsaP256Sha256, HashAlgorithm::Sha384) => &ECDSA_P256_SHA384_ASN1,
            (Algorithm::EcdsaP384Sha384, HashAlgorithm::Sha256) => &ECDSA_P384_SHA256_ASN1,
            (Algorithm::EcdsaP521Sha512, HashAlgorithm::Sha256) => &ECDSA_P521_SHA256_ASN1,
            (Algorithm::EcdsaP521Sha512, HashAlgorithm::Sha384) => &ECDSA_P521_SHA384_ASN1,
            (rsa, HashAlgorithm::Sha384) if rsa.is_rsa() => &signature::RSA_PKCS1_2048_8192_SHA384,
            (rsa, HashAlgorithm::Sha512) if rsa.is_rsa() => &signature::RSA_PKCS1_2048_8192_SHA512,
            _ => return Err(Error::AlgorithmMismatch(hash.name())),
        };
        UnparsedPublicKey::new(verification, &self.raw)
            .verify(message, signature)
            .map_err(|_| Error::SignatureInvalid)
    }

    fn expect(&self, algorithm: Algorithm) -> Result<(), Error> {
        if algorithm == self.algorithm {
            return Ok(());
        }
        Err(Error::AlgorithmMismatch(algorithm.key_details()))
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl LogId {
    /// An identifier of given bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// RFC 8017 §A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

fn algorithm_of(id: &AlgorithmIdentifierRef<'_>, raw: &[u8]) -> Result<Algorithm, Error> {
    match id.oid {
        EC_PUBLIC_KEY => match id.parameters_oid().map_err(|_| Error::Unsupported)? {
            SECP256R1 => Ok(Algorithm::EcdsaP256Sha256),
            SECP384R1 => Ok(Algorithm::EcdsaP384Sha384),
            SECP521R1 => Ok(Algorithm::EcdsaP521Sha512),
            _ => Err(Error::Unsupported),
        },
        ED25519 => Ok(Algorithm::Ed25519),
        RSA_ENCRYPTION => rsa_algorithm(raw),
        _ => Err(Error::Unsupported),
    }
}

fn rsa_algorithm(raw: &[u8]) -> Result<Algorithm, Error> {
    let key = RsaPublicKey::from_der(raw).map_err(|_| Error::Malformed("not an rsa key"))?;
    // An even or tiny exponent, or an even modulus, is no RSA key at all; a huge exponent is a way to waste time.
    let exponent = key.public_exponent.as_bytes();
    let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte & 1 == 1);
    if !is_odd(exponent) || exponent.len() > 4 || matches!(exponent, [0..=2]) {
        return Err(Error::Weak("its exponent"));
    }
    let modulus = key.modulus.as_bytes();
    if !is_odd(modulus) {
        return Err(Error::Weak("its modulus is even"));
    }
    let bits = modulus.len() * 8
        - modulus
            .first()
            .map_or(0, |byte| byte.leading_zeros() as usize);
    match bits {
        2048 => Ok(Algorithm::RsaPkcs1v15_2048Sha256),
        3072 => Ok(Algorithm::RsaPkcs1v15_3072Sha256),
        4096 => Ok(Algorithm::RsaPkcs1v15_4096Sha256),
        _ => Err(Error::Weak("rsa keys have 2048, 3072 or 4096 bits")),
    }
}

fn rsa_spki(pkcs1: &[u8]) -> Result<Vec<u8>, Error> {
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

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_ASN1,
        Algorithm::EcdsaP384Sha384 => &ECDSA_P384_SHA384_ASN1,
        Algorithm::EcdsaP521Sha512 => &ECDSA_P521_SHA512_ASN1,
        Algorithm::Ed25519 | Algorithm::Ed25519Ph => &signature::ED25519,
        Algorithm::RsaPkcs1v15_2048Sha256
        | Algorithm::RsaPkcs1v15_3072Sha256
        | Algorithm::RsaPkcs1v15_4096Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
