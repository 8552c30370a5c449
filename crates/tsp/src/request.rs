//! Requests, checked as RFC 3161 §2.2 asks of an authority.

use der::asn1::{AnyRef, Int, Null, ObjectIdentifier, OctetString};
use der::{Any, Decode as _, Encode as _};
use sigstead_key::HashAlgorithm;
use spki::AlgorithmIdentifierOwned;

use crate::Error;
use crate::asn1::{self, MessageImprint};

/// A request that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampReq {
    pub(crate) imprint: MessageImprint,
    hash: HashAlgorithm,
    policy: Option<Policy>,
    nonce: Option<Nonce>,
    wants_certificates: bool,
}

/// The policy under which time is stamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy(pub(crate) ObjectIdentifier);

/// A number that the answer must repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(pub(crate) Int);

impl TimeStampReq {
    /// A request over a digest, as clients that send JSON make it.
    ///
    /// # Errors
    /// If the digest is not as long as its hash makes it.
    pub fn new(hash: HashAlgorithm, digest: &[u8]) -> Result<Self, Error> {
        if digest.len() != hash.digest_length() {
            return Err(Error::DigestLength);
        }
        let malformed = |_| Error::Malformed("timestamp request");
        let parameters = Any::from(AnyRef::from(Null));
        let imprint = MessageImprint {
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: hash_oid(hash),
                parameters: Some(parameters),
            },
            hashed_message: OctetString::new(digest).map_err(malformed)?,
        };
        Ok(Self {
            imprint,
            hash,
            policy: None,
            nonce: None,
            wants_certificates: false,
        })
    }

    /// Asks for a policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Asks for a number to be repeated.
    #[must_use]
    pub fn with_nonce(mut self, nonce: Nonce) -> Self {
        self.nonce = Some(nonce);
        self
    }

    /// Asks for the authority's certificates in the answer.
    #[must_use]
    pub const fn with_certificates(mut self) -> Self {
        self.wants_certificates = true;
        self
    }

    /// Reads a request.
    ///
    /// # Errors
    /// If it is not one of version 1, its digest is weak, unknown or of the wrong length, its nonce is too long, or it
    /// asks for extensions.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let request =
            asn1::TimeStampReq::from_der(der).map_err(|_| Error::Malformed("timestamp request"))?;
        if request.version != 1 {
            return Err(Error::Version(request.version));
        }
        if request.extensions.is_some() {
            return Err(Error::ExtensionsUnknown);
        }
        let named = &request.message_imprint.hash_algorithm;
        let hash = hash_of(&named.oid)?;
        // They would stand in what is signed.
        if named
            .parameters
            .as_ref()
            .is_some_and(|parameters| !parameters.is_null())
        {
            return Err(Error::HashParameters);
        }
        if request.message_imprint.hashed_message.as_bytes().len() != hash.digest_length() {
            return Err(Error::DigestLength);
        }
        Ok(Self {
            imprint: request.message_imprint,
            hash,
            policy: request.req_policy.map(Policy::check).transpose()?,
            nonce: request.nonce.map(Nonce::check).transpose()?,
            wants_certificates: request.cert_req,
        })
    }

    /// The request's bytes.
    ///
    /// # Errors
    /// If a part is too long.
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let request = asn1::TimeStampReq {
            version: 1,
            message_imprint: self.imprint.clone(),
            req_policy: self.policy.map(|policy| policy.0),
            nonce: self.nonce.as_ref().map(|nonce| nonce.0.clone()),
            cert_req: self.wants_certificates,
            extensions: None,
        };
        request
            .to_der()
            .map_err(|_| Error::Malformed("timestamp request"))
    }

    /// The hash of the digest.
    #[must_use]
    pub const fn hash(&self) -> HashAlgorithm {
        self.hash
    }

    /// The policy that is asked for.
    #[must_use]
    pub const fn policy(&self) -> Option<Policy> {
        self.policy
    }

    /// The number to repeat.
    #[must_use]
    pub const fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// Whether the answer shall carry the authority's certificates.
    #[must_use]
    pub const fn wants_certificates(&self) -> bool {
        self.wants_certificates
    }
}

impl Policy {
    /// Reads dotted decimal.
    ///
    /// # Errors
    /// If it is not an object identifier.
    pub fn parse(text: &str) -> Result<Self, Error> {
        ObjectIdentifier::new(text)
            .map(Self)
            .map_err(|_| Error::PolicyMalformed)
    }
}

impl Policy {
    /// X.690 §8.19.2: a number does not begin with a zero of its base. The library reads one that does, and the answer
    /// would repeat it.
    fn check(oid: ObjectIdentifier) -> Result<Self, Error> {
        let mut begins = true;
        for byte in oid.as_bytes() {
            if begins && *byte == 0x80 {
                return Err(Error::PolicyMalformed);
            }
            begins = byte & 0x80 == 0;
        }
        Ok(Self(oid))
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Nonce {
    /// A nonce of a non-negative number, big-endian.
    ///
    /// # Errors
    /// If it is too long.
    pub fn from_unsigned(bytes: &[u8]) -> Result<Self, Error> {
        let mut signed: Vec<u8> = bytes
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        if signed.first().is_none_or(|byte| byte & 0x80 != 0) {
            signed.insert(0, 0);
        }
        Self::check(Int::new(&signed).map_err(|_| Error::Malformed("nonce"))?)
    }

    fn check(nonce: Int) -> Result<Self, Error> {
        let found = nonce.as_bytes().len();
        if found > LONGEST_NONCE {
            return Err(Error::NonceLong {
                found,
                most: LONGEST_NONCE,
            });
        }
        Ok(Self(nonce))
    }
}

pub(crate) fn hash_of(oid: &ObjectIdentifier) -> Result<HashAlgorithm, Error> {
    match *oid {
        asn1::SHA256 => Ok(HashAlgorithm::Sha256),
        asn1::SHA384 => Ok(HashAlgorithm::Sha384),
        asn1::SHA512 => Ok(HashAlgorithm::Sha512),
        asn1::SHA1 => Err(Error::HashWeak),
        other => Err(Error::HashUnknown(other.to_string())),
    }
}

pub(crate) const fn hash_oid(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha256 => asn1::SHA256,
        HashAlgorithm::Sha384 => asn1::SHA384,
        HashAlgorithm::Sha512 => asn1::SHA512,
    }
}

/// Clients send 8 octets; more than this only makes the answer large.
const LONGEST_NONCE: usize = 32;
