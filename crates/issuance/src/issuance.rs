use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// One certificate that the authority was about to issue: for whom, on whose word, and how far it came.
///
/// It has no field for a token, a proof of possession or anything else that could be used again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuance {
    /// Names the issuance in the record and in the service's log; random.
    pub id: String,
    /// When it was decided that the certificate may be issued.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// The number of the request, which a refusal carries as `sigstead-request-id` and the service's log has too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The trace that the request belongs to, if the caller named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The address that the request came from; a proxy's where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The issuer as the certificate names it.
    pub issuer: String,
    /// The token's `sub`.
    pub subject: String,
    /// What the certificate certifies: its subject alternative name.
    pub identity: String,
    /// The rule of the issuer that let the identity have the certificate, if it needed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The token's claims that the configuration asks for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// The token's `jti`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// SHA-256 of the token, hex.
    pub token_sha256: String,
    /// SHA-256 of the certified key's SubjectPublicKeyInfo, as `sha256:` and hex.
    pub key: String,
    /// The serial number, hex.
    pub serial: String,
    /// The first second of the certificate.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// The last second of the certificate.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// SHA-256 of the issuing certificate, hex.
    pub authority: String,
    /// SHA-256 of what the key signs for the precertificate, hex: known before anything is signed.
    pub tbs_sha256: String,
    /// SHA-256 of the precertificate, hex, once it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precertificate_sha256: Option<String>,
    /// Where the precertificate is logged, once a log promised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged: Option<Logged>,
    /// SHA-256 of the certificate, hex, once it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
    /// How far it came.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A CT log's promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// The log's identifier (RFC 6962 §3.2), hex.
    pub log_id: String,
    /// The time of the SCT.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// The index in the log, if the SCT tells (static-ct-api).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf_index: Option<u64>,
}

/// The last step that an issuance began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The precertificate is to be signed.
    Precertificate,
    /// The precertificate is signed and submitted to a CT log, which may have it.
    Log,
    /// The certificate is to be signed.
    Certificate,
    /// The certificate is signed.
    Answer,
}

/// How an issuance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is under way.
    Open,
    /// The certificate was issued; whether the caller was still there to read it is not known.
    Issued,
    /// A step failed, and there is no certificate.
    Failed,
    /// The process ended in between. The step that `stage` names may have been done: a precertificate may be in the log,
    /// and at the last stage a certificate may exist that nobody was given.
    Interrupted,
}

impl Outcome {
    /// The word that stands in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Issued => "issued",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Issued, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
    }
}
