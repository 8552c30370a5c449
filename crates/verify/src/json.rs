//! Bundles in ProtoJSON (`dev.sigstore.bundle.v1.Bundle`). Members that no version has are refused, as the official
//! clients refuse them.

use serde::{Deserialize, Serialize};
use sigstead_protojson::{Base64Bytes, Unknown, int64};

use crate::check::Check;
use crate::failure::{Failing as _, Failure};

/// A bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Bundle {
    /// Which version the bundle is of.
    pub media_type: String,
    /// What the signature is verified with.
    pub verification_material: VerificationMaterial,
    /// A signature over an artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_signature: Option<MessageSignature>,
    /// A signed attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsse_envelope: Option<Envelope>,
}

/// What a signature is verified with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationMaterial {
    /// A key that the verifier knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PublicKeyIdentifier>,
    /// The signing certificate and its issuers, in versions 0.1 and 0.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x509_certificate_chain: Option<CertificateChain>,
    /// The signing certificate, from version 0.3 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<RawCertificate>,
    /// Entries of signature logs.
    pub tlog_entries: Vec<TransparencyLogEntry>,
    /// Timestamps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_verification_data: Option<TimestampVerificationData>,
}

/// A hint which key it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublicKeyIdentifier {
    /// The hint; means something to signer and verifier only.
    pub hint: String,
}

/// Certificates, the issuing ones after the issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateChain {
    /// The certificates.
    pub certificates: Vec<RawCertificate>,
}

/// One certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RawCertificate {
    /// The certificate, DER.
    pub raw_bytes: Base64Bytes,
}

/// Timestamps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TimestampVerificationData {
    /// Responses of timestamp authorities.
    pub rfc3161_timestamps: Vec<Rfc3161Timestamp>,
}

/// One response of a timestamp authority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rfc3161Timestamp {
    /// The response, DER.
    pub signed_timestamp: Base64Bytes,
}

/// A signature over an artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageSignature {
    /// Which artifact, as a hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_digest: Option<HashOutput>,
    /// The signature.
    pub signature: Base64Bytes,
}

/// A digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HashOutput {
    /// The name of the hash function.
    #[serde(deserialize_with = "sigstead_trust_root::enumeration::hash_algorithm")]
    pub algorithm: String,
    /// What it gave.
    pub digest: Base64Bytes,
}

/// A DSSE envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Envelope {
    /// What is signed.
    pub payload: Base64Bytes,
    /// Of which type it is.
    pub payload_type: String,
    /// The signatures.
    pub signatures: Vec<EnvelopeSignature>,
}

/// A signature of an envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvelopeSignature {
    /// The signature.
    pub sig: Base64Bytes,
    /// A hint which key it is.
    pub keyid: String,
}

/// An entry of a signature log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TransparencyLogEntry {
    /// The index of the entry.
    #[serde(with = "int64")]
    pub log_index: u64,
    /// The log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<LogId>,
    /// What kind of entry it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind_version: Option<KindVersion>,
    /// Seconds since 1970 when the log took the entry; counts only with a promise.
    #[serde(with = "int64")]
    pub integrated_time: u64,
    /// The log's promise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inclusion_promise: Option<InclusionPromise>,
    /// The proof that the entry is in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inclusion_proof: Option<InclusionProof>,
    /// What the log holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonicalized_body: Option<Base64Bytes>,
}

/// The identifier of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogId {
    /// Its bytes.
    pub key_id: Base64Bytes,
}

/// The kind of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KindVersion {
    /// The kind.
    pub kind: String,
    /// Its version.
    pub version: String,
}

/// A log's promise to include an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InclusionPromise {
    /// Its signature.
    pub signed_entry_timestamp: Base64Bytes,
}

/// The proof that an entry is in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InclusionProof {
    /// The index of the entry in its tree.
    #[serde(with = "int64")]
    pub log_index: u64,
    /// The root of the tree.
    pub root_hash: Base64Bytes,
    /// The size of the tree.
    #[serde(with = "int64")]
    pub tree_size: u64,
    /// The hashes on the way from entry to root.
    pub hashes: Vec<Base64Bytes>,
    /// What the log signed about the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
}

/// A signed note.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Checkpoint {
    /// The note.
    pub envelope: String,
}

impl Bundle {
    /// Reads the JSON.
    ///
    /// # Errors
    /// If it is larger than any bundle, or not ProtoJSON of a bundle.
    pub fn parse(json: &[u8]) -> Result<Self, Failure> {
        if json.len() > MAX_BYTES {
            return Err(Failure::unlike(
                Check::BundleJson,
                format!("at most {MAX_BYTES} bytes"),
                format!("{} bytes", json.len()),
            ));
        }
        sigstead_protojson::from_slice(json, Unknown::Refuse).failing(Check::BundleJson)
    }

    /// The bundle as one line of JSON.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Strings, numbers and lists only: there is nothing that could fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The registries of attestations take up to 16 MiB; base64 and the rest double that at most.
const MAX_BYTES: usize = 32 << 20;
