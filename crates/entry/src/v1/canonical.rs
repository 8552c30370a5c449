use serde::{Deserialize, Serialize};
use sigstead_key::HashAlgorithm;

use super::encoding::Base64;
use super::{Error, Kind};
use crate::MAX_BODY_LENGTH;

// Everything here is written with its members in the order of RFC 8785, and holds no numbers, so what serde writes is
// canonical as it stands: both escape the same characters of a string in the same way.

/// A body of any kind.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<S> {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) spec: S,
}

/// `hashedrekord` 0.0.1.
#[derive(Serialize, Deserialize)]
pub(super) struct HashedRekord {
    pub(super) data: Data,
    pub(super) signature: Signature,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Data {
    pub(super) hash: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Signature {
    pub(super) content: Base64,
    pub(super) public_key: PublicKey,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PublicKey {
    pub(super) content: Base64,
}

/// `dsse` 0.0.1.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dsse {
    pub(super) envelope_hash: Hash,
    pub(super) payload_hash: Hash,
    pub(super) signatures: Vec<DsseSignature>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DsseSignature {
    /// As the envelope has it.
    pub(super) signature: String,
    pub(super) verifier: Base64,
}

/// `intoto` 0.0.1.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Intoto001 {
    pub(super) content: Hashes,
    pub(super) public_key: Base64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Hashes {
    pub(super) hash: Hash,
    pub(super) payload_hash: Hash,
}

/// `intoto` 0.0.2.
#[derive(Serialize, Deserialize)]
pub(super) struct Intoto002 {
    pub(super) content: Intoto002Content,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Intoto002Content {
    pub(super) envelope: Intoto002Envelope,
    pub(super) hash: Hash,
    pub(super) payload_hash: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Intoto002Envelope {
    pub(super) payload_type: String,
    pub(super) signatures: Vec<Intoto002Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Intoto002Signature {
    #[serde(rename = "keyid", default, skip_serializing_if = "String::is_empty")]
    pub(super) key_id: String,
    pub(super) public_key: Base64,
    /// The base64 of the envelope, once more in base64.
    pub(super) sig: Base64,
}

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hash {
    pub(super) algorithm: DigestAlgorithm,
    /// Hexadecimal.
    pub(super) value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DigestAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn sha256(message: &[u8]) -> Self {
        Self {
            algorithm: DigestAlgorithm::Sha256,
            value: hex::encode(HashAlgorithm::Sha256.digest(message)),
        }
    }

    /// The digest itself, if it is as long as the algorithm gives.
    pub(super) fn decode(&self) -> Result<Vec<u8>, Error> {
        let expected = self.algorithm.hash().digest_length();
        let digest = hex::decode(&self.value).ok();
        let digest = digest.filter(|digest| digest.len() == expected);
        digest.ok_or_else(|| Error::HashMalformed {
            algorithm: self.algorithm.name(),
            digits: 2 * expected,
        })
    }
}

impl DigestAlgorithm {
    pub(super) const fn hash(self) -> HashAlgorithm {
        match self {
            Self::Sha256 => HashAlgorithm::Sha256,
            Self::Sha384 => HashAlgorithm::Sha384,
            Self::Sha512 => HashAlgorithm::Sha512,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// Writes a body.
pub(super) fn write<S: Serialize>(kind: Kind, spec: S) -> Result<Vec<u8>, Error> {
    let body = serde_json::to_vec(&Body {
        api_version: kind.version().to_owned(),
        kind: kind.name().to_owned(),
        spec,
    });
    let body = body.map_err(Error::Encode)?;
    if body.len() > MAX_BODY_LENGTH {
        return Err(Error::TooLong(body.len()));
    }
    Ok(body)
}
