use std::fmt;

use sigstead_key::Algorithm;
use sigstead_merkle::LeafHash;

use crate::error::Error;
use crate::proposed::ProposedEntry;
use crate::{MAX_BODY_LENGTH, body};

impl ProposedEntry {
    /// Checks the entry as Rekor v2 specification §6.2 asks.
    ///
    /// # Errors
    /// The algorithm is not taken or not one for the key, the digest has another length, the key
    /// is not acceptable, the signature is wrong, or the entry is too long for a log.
    pub fn verify(self) -> Result<VerifiedEntry, Error> {
        let name = self.algorithm.key_details();
        // A signature of pure Ed25519 is over the message, so a digest cannot confirm it.
        if self.algorithm == Algorithm::Ed25519 {
            return Err(Error::AlgorithmNotAllowed(name));
        }
        let (found, expected) = (self.digest.len(), self.algorithm.hash().digest_length());
        if found != expected {
            return Err(Error::DigestLength { found, expected });
        }
        let body_length = body::length(&self);
        if body_length > MAX_BODY_LENGTH {
            return Err(Error::TooLong(body_length));
        }
        let key = self.verifier.public_key()?;
        let verified = key.verify_prehashed(self.algorithm, &self.digest, &self.signature);
        verified.map_err(|error| match error {
            sigstead_key::Error::AlgorithmMismatch(_) => Error::AlgorithmMismatch(name),
            _ => Error::SignatureInvalid,
        })?;
        Ok(VerifiedEntry {
            canonical_body: body::write(&self, self.algorithm.hash()),
        })
    }
}

/// An entry whose signature is right, in the form in which it enters the log.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    canonical_body: Vec<u8>,
}

impl VerifiedEntry {
    /// The bytes of the leaf.
    #[must_use]
    pub fn canonical_body(&self) -> &[u8] {
        &self.canonical_body
    }

    /// The bytes of the leaf.
    #[must_use]
    pub fn into_canonical_body(self) -> Vec<u8> {
        self.canonical_body
    }

    /// The hash of the leaf.
    #[must_use]
    pub fn leaf_hash(&self) -> LeafHash {
        LeafHash::of(&self.canonical_body)
    }
}

impl fmt::Debug for VerifiedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedEntry({})", self.leaf_hash())
    }
}
