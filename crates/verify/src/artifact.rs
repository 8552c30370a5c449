//! What was signed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use sigstead_key::HashAlgorithm;

/// The artifact whose signature is verified.
#[derive(Debug, Clone, Copy)]
pub enum Artifact<'a> {
    /// The artifact itself.
    Bytes(&'a [u8]),
    /// Its digests, those of [`Bundle::hashes`](crate::Bundle::hashes) or as many of them as are known.
    Digests(&'a Digests),
}

impl<'a> Artifact<'a> {
    pub(crate) const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Digests(_) => None,
        }
    }
}

/// Digests of one artifact, at most one by each hash function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests(BTreeMap<HashAlgorithm, Vec<u8>>);

impl Digests {
    /// Reads an artifact once, whatever its size, and hashes it with each of `algorithms`.
    ///
    /// # Errors
    /// If `artifact` cannot be read.
    pub fn read(algorithms: &BTreeSet<HashAlgorithm>, mut artifact: impl Read) -> io::Result<Self> {
        let mut hashers: Vec<_> = algorithms.iter().copied().map(Hasher::new).collect();
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let length = match artifact.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let chunk = buffer.get(..length).unwrap_or_default();
            hashers.iter_mut().for_each(|hasher| hasher.update(chunk));
        }
        let digests = hashers.into_iter().map(Hasher::finish);
        Ok(Self(algorithms.iter().copied().zip(digests).collect()))
    }

    /// One digest that is known; none if it has not the length of its hash function.
    #[must_use]
    pub fn known(algorithm: HashAlgorithm, digest: Vec<u8>) -> Option<Self> {
        let is_whole = digest.len() == algorithm.digest_length();
        is_whole.then(|| Self(BTreeMap::from([(algorithm, digest)])))
    }

    /// The digest by a hash function.
    #[must_use]
    pub fn get(&self, algorithm: HashAlgorithm) -> Option<&[u8]> {
        self.0.get(&algorithm).map(Vec::as_slice)
    }

    /// The digests, each with its hash function.
    pub fn iter(&self) -> impl Iterator<Item = (HashAlgorithm, &[u8])> {
        self.0
            .iter()
            .map(|(algorithm, digest)| (*algorithm, digest.as_slice()))
    }

    pub(crate) fn of_bytes(algorithms: &BTreeSet<HashAlgorithm>, bytes: &[u8]) -> Self {
        let digests = algorithms
            .iter()
            .map(|algorithm| (*algorithm, algorithm.digest(bytes)));
        Self(digests.collect())
    }
}

/// A digest in the making.
enum Hasher {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    fn new(algorithm: HashAlgorithm) -> Self {
        match algorithm {
            HashAlgorithm::Sha256 => Self::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => Self::Sha384(Sha384::new()),
            HashAlgorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    fn update(&mut self, chunk: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(chunk),
            Self::Sha384(hasher) => hasher.update(chunk),
            Self::Sha512(hasher) => hasher.update(chunk),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

const BUFFER_BYTES: usize = 64 << 10;
