//! The bodies that Rekor v1 writes (sigstore/rekor `pkg/types`), as far as they are compared.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sigstead_key::HashAlgorithm;
use sigstead_protojson::{Unknown, plain};

use crate::bundle_entry::LogEntry;
use crate::check::Check;
use crate::failure::{Failing as _, Failure, ensure};

/// The spec of a body whose kind and version are what the bundle says.
pub(crate) fn read<T: DeserializeOwned>(entry: &LogEntry, unknown: Unknown) -> Result<T, Failure> {
    let body: Body<T> = plain::from_slice(&entry.body, unknown).failing(Check::EntryBody)?;
    let is_same = body.kind == entry.kind && body.api_version == entry.version;
    ensure(is_same, Check::EntryKind)?;
    Ok(body.spec)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<T> {
    api_version: String,
    kind: String,
    spec: T,
}

#[derive(Deserialize)]
pub(crate) struct Hash {
    pub(crate) algorithm: String,
    pub(crate) value: String,
}

impl Hash {
    pub(crate) fn algorithm(&self) -> Result<HashAlgorithm, Failure> {
        match self.algorithm.as_str() {
            "sha256" => Ok(HashAlgorithm::Sha256),
            "sha384" => Ok(HashAlgorithm::Sha384),
            "sha512" => Ok(HashAlgorithm::Sha512),
            other => Err(Failure::unlike(
                Check::EntryBody,
                "a hash of the SHA-2 family",
                format!("{other:?}"),
            )),
        }
    }

    /// Compares the hash with a digest by the same function.
    pub(crate) fn check(&self, digest: &[u8]) -> Result<(), Failure> {
        let digest = hex::encode(digest);
        if self.value.eq_ignore_ascii_case(&digest) {
            return Ok(());
        }
        let Self { algorithm, value } = self;
        Err(Failure::unlike(
            Check::EntryBody,
            format!("{algorithm} {digest}"),
            format!("{algorithm} {value}"),
        ))
    }
}

#[derive(Deserialize)]
pub(crate) struct HashedRekord {
    pub(crate) data: Data,
    pub(crate) signature: HashedRekordSignature,
}

#[derive(Deserialize)]
pub(crate) struct Data {
    pub(crate) hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HashedRekordSignature {
    pub(crate) content: String,
    pub(crate) public_key: PublicKeyContent,
}

#[derive(Deserialize)]
pub(crate) struct PublicKeyContent {
    pub(crate) content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dsse {
    pub(crate) payload_hash: Hash,
    pub(crate) signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
pub(crate) struct DsseSignature {
    pub(crate) signature: String,
    pub(crate) verifier: String,
}

#[derive(Deserialize)]
pub(crate) struct InToto {
    pub(crate) content: InTotoContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InTotoContent {
    pub(crate) envelope: InTotoEnvelope,
    pub(crate) payload_hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InTotoEnvelope {
    pub(crate) payload_type: String,
    pub(crate) signatures: Vec<InTotoSignature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InTotoSignature {
    /// In base64 twice.
    pub(crate) sig: String,
    pub(crate) public_key: String,
}
