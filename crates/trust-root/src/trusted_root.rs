//! `trusted_root.json`: whose signatures count, and from when to when.
//!
//! Every member that looks optional is written, because some client needs it; unknown members are refused, because the
//! clients refuse them too.

use std::fmt;

use serde::{Deserialize, Serialize};
use sigstead_protojson::{Base64Bytes, Unknown};
use time::OffsetDateTime;

use crate::encode::encode;
use crate::enumeration;
use crate::error::Error;

/// The keys and chains that a client trusts (`dev.sigstore.trustroot.v1.TrustedRoot`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrustedRoot {
    /// Always [`TrustedRoot::MEDIA_TYPE`].
    pub media_type: String,
    /// Signature transparency logs, newest first.
    pub tlogs: Vec<TransparencyLogInstance>,
    /// Certificate authorities that issue signing certificates.
    pub certificate_authorities: Vec<CertificateAuthority>,
    /// Certificate transparency logs.
    pub ctlogs: Vec<TransparencyLogInstance>,
    /// Timestamp authorities; their chains begin with the signing certificate.
    pub timestamp_authorities: Vec<CertificateAuthority>,
}

impl TrustedRoot {
    /// The one spelling that Go and Python accept.
    pub const MEDIA_TYPE: &'static str =
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

    /// Reads the document.
    ///
    /// # Errors
    /// If it is not JSON of this shape, has unknown members, or another media type.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        const DOCUMENT: &str = "trusted_root.json";
        let root: Self =
            sigstead_protojson::from_slice(json, Unknown::Refuse).map_err(|source| {
                Error::NotProtoJson {
                    document: DOCUMENT,
                    source,
                }
            })?;
        if root.media_type != Self::MEDIA_TYPE {
            return Err(Error::MediaType {
                document: DOCUMENT,
                found: root.media_type,
                expected: Self::MEDIA_TYPE,
            });
        }
        Ok(root)
    }

    /// Reads one document, or several of them, each in a line of its own.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_all(text: &[u8]) -> Result<Vec<Self>, Error> {
        let alone = Self::parse(text);
        let is_blank = |line: &&[u8]| line.iter().all(u8::is_ascii_whitespace);
        let lines: Vec<_> = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !is_blank(line))
            .collect();
        // A document in several lines is malformed as a whole, not line by line.
        match lines.first() {
            Some(first) if alone.is_err() && lines.len() > 1 && Self::parse(first).is_ok() => {
                lines.into_iter().map(Self::parse).collect()
            }
            _ => Ok(vec![alone?]),
        }
    }

    /// Writes the document, indented, with a final newline.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// One log, of signatures or of certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TransparencyLogInstance {
    /// Where the log is; its host is the name in the log's checkpoints.
    pub base_url: String,
    /// The hash of the Merkle tree, `SHA2_256`.
    #[serde(
        deserialize_with = "enumeration::hash_algorithm",
        skip_serializing_if = "String::is_empty"
    )]
    pub hash_algorithm: String,
    /// The key that signs the log's checkpoints and promises.
    pub public_key: PublicKey,
    /// How entries name the log.
    pub log_id: LogId,
    /// Written by others; the name of the key in checkpoints where it differs from the log ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_key_id: Option<LogId>,
    /// Who runs the log.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operator: String,
}

/// A public key with its validity (`dev.sigstore.common.v1.PublicKey`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PublicKey {
    /// SubjectPublicKeyInfo, DER.
    pub raw_bytes: Base64Bytes,
    /// The algorithm's name in the Sigstore registry.
    #[serde(
        deserialize_with = "enumeration::key_details",
        skip_serializing_if = "String::is_empty"
    )]
    pub key_details: String,
    /// When signatures of this key count.
    pub valid_for: TimeRange,
}

/// The identifier of a log (`dev.sigstore.common.v1.LogId`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LogId {
    /// The identifier's bytes.
    pub key_id: Base64Bytes,
}

/// One chain of one authority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CertificateAuthority {
    /// The authority's name, as its root certificate has it.
    pub subject: DistinguishedName,
    /// Where the authority is.
    pub uri: String,
    /// The chain, its self-signed root last.
    pub cert_chain: CertificateChain,
    /// When certificates or timestamps of this chain count.
    pub valid_for: TimeRange,
    /// Who runs the authority.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operator: String,
}

impl CertificateAuthority {
    /// Whether what the authority signed at `at` counts. An authority's certificates say from when they are valid, so
    /// that a range without a start is open here.
    #[must_use]
    pub fn is_trusted_at(&self, at: OffsetDateTime) -> bool {
        let TimeRange { start, end } = self.valid_for;
        start.is_none_or(|start| start <= at) && end.is_none_or(|end| at <= end)
    }

    /// The chain, parsed.
    ///
    /// # Errors
    /// If a certificate cannot be read, or there is none.
    pub fn chain(&self) -> Result<Vec<sigstead_x509::Certificate>, Error> {
        if self.cert_chain.certificates.is_empty() {
            return Err(Error::EmptyChain {
                owner: self.uri.clone(),
            });
        }
        self.cert_chain
            .certificates
            .iter()
            .map(|certificate| {
                sigstead_x509::Certificate::from_der(certificate.raw_bytes.as_slice()).map_err(
                    |source| Error::Certificate {
                        owner: self.uri.clone(),
                        source,
                    },
                )
            })
            .collect()
    }
}

/// Organization and common name; clients need both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DistinguishedName {
    /// The organization.
    pub organization: String,
    /// The common name.
    pub common_name: String,
}

/// Certificates, the issuing ones after the issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CertificateChain {
    /// The certificates.
    pub certificates: Vec<RawCertificate>,
}

/// One certificate (`dev.sigstore.common.v1.X509Certificate`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RawCertificate {
    /// The certificate, DER.
    pub raw_bytes: Base64Bytes,
}

/// From when to when; the end is part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TimeRange {
    /// The first instant. Clients refuse a key that has none.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub start: Option<OffsetDateTime>,
    /// The last instant; none while in use.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub end: Option<OffsetDateTime>,
}

impl TimeRange {
    /// A range that begins and has no end yet.
    #[must_use]
    pub const fn since(start: OffsetDateTime) -> Self {
        Self {
            start: Some(start),
            end: None,
        }
    }

    /// Whether `at` lies in the range. A range without a start covers nothing: a key whose beginning nobody wrote
    /// down would otherwise be valid for signatures made before it existed.
    #[must_use]
    pub fn covers(&self, at: OffsetDateTime) -> bool {
        self.start.is_some_and(|start| start <= at) && self.end.is_none_or(|end| at <= end)
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.start, self.end) {
            (Some(start), Some(end)) => write!(f, "from {start} to {end}"),
            (Some(start), None) => write!(f, "from {start} on"),
            (None, Some(end)) => write!(f, "until {end}"),
            (None, None) => f.write_str("without a beginning and an end"),
        }
    }
}
