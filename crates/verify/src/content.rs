//! The signature, and the digests that it is over.

use std::collections::BTreeSet;

use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};

use crate::artifact::Digests;
use crate::bundle::Content;
use crate::check::Check;
use crate::failure::{Failing as _, Failure};

/// What the signature is over: the artifact, or the encoding of an envelope.
pub(crate) struct Signed<'a> {
    /// The bytes, where they are at hand.
    pub(crate) bytes: Option<&'a [u8]>,
    pub(crate) digests: &'a Digests,
}

impl<'a> Signed<'a> {
    /// The digest by a hash function that the bundle demands.
    pub(crate) fn digest(&self, algorithm: HashAlgorithm) -> Result<&'a [u8], Failure> {
        self.digests
            .get(algorithm)
            .ok_or_else(|| unknown(self.digests, algorithm))
    }

    /// Verifies a signature of `key`; `named` are hash functions that the bundle names beside the one that belongs to
    /// the key. Gives the one that it is over.
    pub(crate) fn verify(
        &self,
        key: &PublicKey,
        named: &BTreeSet<HashAlgorithm>,
        signature: &[u8],
    ) -> Result<HashAlgorithm, Failure> {
        if key.algorithm() == Algorithm::Ed25519 {
            return self.verify_ed25519(key, signature);
        }
        let own = key.algorithm().hash();
        let others = named.iter().copied().filter(|algorithm| *algorithm != own);
        let mut failure = None;
        for algorithm in std::iter::once(own).chain(others) {
            let Some(digest) = self.digests.get(algorithm) else {
                continue;
            };
            match key.verify_digest(algorithm, digest, signature) {
                Ok(()) => return Ok(algorithm),
                Err(error) => {
                    failure.get_or_insert_with(|| Failure::because(Check::Signature, error));
                }
            }
        }
        Err(failure.unwrap_or_else(|| unknown(self.digests, own)))
    }

    /// Clients sign digests with Ed25519 keys where a log is to check the signature, and messages elsewhere.
    fn verify_ed25519(&self, key: &PublicKey, signature: &[u8]) -> Result<HashAlgorithm, Failure> {
        let is_pure = self
            .bytes
            .is_some_and(|bytes| key.verify(bytes, signature).is_ok());
        let algorithm = Algorithm::Ed25519Ph;
        if !is_pure {
            let digest = self.digest(algorithm.hash())?;
            key.verify_prehashed(algorithm, digest, signature)
                .failing(Check::Signature)?;
        }
        Ok(algorithm.hash())
    }
}

impl Content {
    /// Compares the artifact with the digest that the bundle states, if both can be.
    pub(crate) fn check_stated(&self, artifact: &Digests) -> Result<(), Failure> {
        let Self::Message {
            digest: Some((algorithm, stated)),
            ..
        } = self
        else {
            return Ok(());
        };
        match artifact.get(*algorithm) {
            Some(known) if known != stated.as_slice() => {
                let name = algorithm.name();
                Err(Failure::unlike(
                    Check::ArtifactDigest,
                    format!("{name} {}", hex::encode(stated)),
                    format!("{name} {}", hex::encode(known)),
                ))
            }
            _ => Ok(()),
        }
    }
}

fn unknown(digests: &Digests, expected: HashAlgorithm) -> Failure {
    let known: Vec<_> = digests
        .iter()
        .map(|(algorithm, _)| algorithm.name())
        .collect();
    Failure::unlike(
        Check::DigestKind,
        format!("a digest by {}", expected.name()),
        if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        },
    )
}
