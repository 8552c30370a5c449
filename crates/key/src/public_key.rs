//! A public key in `SubjectPublicKeyInfo` form.

use std::fmt;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::signature::{ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm};
use ed25519_dalek::VerifyingKey;

use crate::algorithm::{Algorithm, HashAlgorithm};
use crate::error::Error;
use crate::log_id::LogId;
use crate::signature_algorithm::SignatureAlgorithm;
use crate::{ed25519, pem, spki};

/// A public key that the algorithm registry knows and that is not weak.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    algorithm: Algorithm,
    raw: Vec<u8>,
    parsed: Parsed,
}

/// Parsed once: a log verifies with the same key more than once, and parsing costs a point check.
#[derive(Clone)]
enum Parsed {
    Ed25519(Box<VerifyingKey>),
    /// With the default algorithm of the key.
    Other(ParsedPublicKey),
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// If it is not one, or is refused by a rule of the crate's list.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, Error> {
        let key = Self::from_signer_spki_der(spki)?;
        if key.algorithm.is_post_quantum() {
            return Err(Error::Unsupported);
        }
        Ok(key)
    }

    /// Reads the DER `SubjectPublicKeyInfo` of a key that signs here. It may be of ML-DSA, which no client verifies, and which
    /// therefore no certificate, entry or document may bring: those are read by [`Self::from_spki_der`].
    ///
    /// # Errors
    /// As [`Self::from_spki_der`], but for keys of ML-DSA.
    pub fn from_signer_spki_der(spki: &[u8]) -> Result<Self, Error> {
        let (algorithm, raw) = spki::read(spki)?;
        let parsed = match algorithm.verification(algorithm.hash()) {
            None => Parsed::Ed25519(Box::new(ed25519::key(&raw)?)),
            Some(verification) => Parsed::Other(
                ParsedPublicKey::new(verification, &raw)
                    .map_err(|_| Error::Malformed("not a key of its algorithm"))?,
            ),
        };
        Ok(Self {
            spki: spki.to_vec(),
            algorithm,
            raw,
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
            ("RSA PUBLIC KEY", key) => Self::from_spki_der(&spki::of_pkcs1(&key)?),
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
        LogId::from_bytes(id)
    }

    /// How the key is named to people: `SHA256:` and the hex of [`Self::log_id`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", self.log_id())
    }

    /// The 32 octets of an Ed25519 key.
    #[must_use]
    pub fn raw_ed25519(&self) -> Option<[u8; 32]> {
        match &self.parsed {
            Parsed::Ed25519(key) => Some(key.to_bytes()),
            Parsed::Other(_) => None,
        }
    }

    /// Verifies a signature over a message with the key's default algorithm.
    ///
    /// # Errors
    /// If it does not verify.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match &self.parsed {
            Parsed::Ed25519(key) => ed25519::verify(key, message, signature),
            Parsed::Other(key) => key
                .verify_sig(message, signature)
                .map_err(|_| Error::SignatureInvalid),
        }
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

    /// Verifies a signature whose message is known by its digest only. Pure Ed25519 and ML-DSA cannot do that.
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
        let mismatch = Err(Error::AlgorithmMismatch(algorithm.key_details()));
        match &self.parsed {
            Parsed::Ed25519(key) if algorithm == Algorithm::Ed25519Ph => {
                ed25519::verify_prehashed(key, digest, signature)
            }
            Parsed::Other(key) if algorithm == self.algorithm && !algorithm.is_post_quantum() => {
                Digest::import_less_safe(digest, hash.implementation())
                    .and_then(|digest| key.verify_digest_sig(&digest, signature))
                    .map_err(|_| Error::SignatureInvalid)
            }
            Parsed::Ed25519(_) | Parsed::Other(_) => mismatch,
        }
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
        let verification = self.algorithm.verification(hash);
        self.verify_by(
            verification.ok_or_else(|| Error::AlgorithmMismatch(hash.name()))?,
            message,
            signature,
        )
    }

    /// The same for a message that is known by its digest only.
    ///
    /// # Errors
    /// If the hash is not one for this key, the digest has another length, or the signature does not verify.
    pub fn verify_digest(
        &self,
        hash: HashAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        if hash == self.algorithm.hash() {
            return self.verify_prehashed(self.algorithm, digest, signature);
        }
        let verification = self
            .algorithm
            .verification(hash)
            .ok_or_else(|| Error::AlgorithmMismatch(hash.name()))?;
        let digest = Digest::import_less_safe(digest, hash.implementation())
            .map_err(|_| Error::SignatureInvalid)?;
        UnparsedPublicKey::new(verification, &self.raw)
            .verify_digest(&digest, signature)
            .map_err(|_| Error::SignatureInvalid)
    }

    /// Verifies a signature over a message that was made as a certificate or signed data states.
    ///
    /// # Errors
    /// If the stated algorithm is not one for this key, or the signature does not verify.
    pub fn verify_signed_with(
        &self,
        stated: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1v15, RsaPss};
        match (stated, SignatureAlgorithm::of(self.algorithm)) {
            (Ed25519, Some(Ed25519)) => self.verify(message, signature),
            (Ecdsa(hash), Some(Ecdsa(_))) | (RsaPkcs1v15(hash), Some(RsaPkcs1v15(_))) => {
                self.verify_with_hash(hash, message, signature)
            }
            (RsaPss(hash), Some(RsaPkcs1v15(_))) => self.verify_by(hash.pss(), message, signature),
            (other, _) => Err(Error::AlgorithmMismatch(other.name())),
        }
    }

    fn verify_by(
        &self,
        verification: &'static dyn VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
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
