//! What is refused whatever else is right with it, because a key was in other hands.
//!
//! Verifiers that look at no end of a key, or have not heard of it, refuse by such a list what the key signed.

use serde::{Deserialize, Serialize};
use sigstead_ct::{IssuerKeyHash, SignedEntry};
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use crate::accepted::VerifiedEntry;
use crate::check::Check;
use crate::failure::Failure;

/// What a key signed since it was in other hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockList {
    /// Always [`BlockList::MEDIA_TYPE`].
    pub media_type: String,
    /// The key: SHA-256 of its SubjectPublicKeyInfo.
    pub key: String,
    /// Since when it was in other hands.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Certificates, with which nothing counts that they signed.
    pub certificates: Vec<BlockedCertificate>,
    /// Entries of logs.
    pub entries: Vec<BlockedEntry>,
}

/// A certificate. Any of the two hashes tells which it is; where neither is known, issuer and serial number do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedCertificate {
    /// SHA-256 of the issuing key's SubjectPublicKeyInfo, hex.
    pub issuer_key: String,
    /// The serial number, hex. A thief of the issuing key may have used that of another certificate.
    pub serial: String,
    /// SHA-256 of the certificate, hex, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// SHA-256 of the entry that a CT log has of it (RFC 6962 §3.4, from `entry_type` up to the extensions), hex, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged_sha256: Option<String>,
}

/// An entry of a log of signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedEntry {
    /// The identifier of the log, hex.
    pub log_id: String,
    /// The index in its tree.
    pub index: u64,
}

impl BlockList {
    /// The one version so far.
    pub const MEDIA_TYPE: &'static str = "application/vnd.sigstead.block-list.v1+json";

    /// Reads a list.
    ///
    /// # Errors
    /// If it is not JSON of this shape, has unknown members, or another media type.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let list: Self = serde_json::from_slice(json)?;
        if list.media_type != Self::MEDIA_TYPE {
            let found = format!("the media type is not {}", Self::MEDIA_TYPE);
            return Err(serde::de::Error::custom(found));
        }
        Ok(list)
    }

    /// Whether a certificate of `issuer` is in the list.
    pub(crate) fn has_certificate(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let issuer_key = hex::encode(IssuerKeyHash::of(issuer).0);
        let serial = hex::encode(certificate.serial());
        let logged = SignedEntry::of_final_certificate(certificate, issuer);
        let logged = logged
            .and_then(|entry| entry.identity())
            .map(hex::encode)
            .ok();
        let sha256 = hex::encode(certificate.sha256());
        self.certificates.iter().any(|blocked| {
            let is_known = blocked.sha256.is_some() || blocked.logged_sha256.is_some();
            let is_by_hash = blocked.sha256.as_ref() == Some(&sha256)
                || (logged.is_some() && blocked.logged_sha256 == logged);
            let is_by_number =
                blocked.issuer_key == issuer_key && is_same_number(&blocked.serial, &serial);
            is_by_hash || (!is_known && is_by_number)
        })
    }

    /// Why something in the list is refused.
    pub(crate) fn refusal(&self, what: &str) -> Failure {
        let expected = format!("nothing of the key {} since {}", self.key, self.since);
        Failure::unlike(Check::Blocked, expected, what)
    }

    /// Whether an entry is in the list.
    pub(crate) fn has_entry(&self, entry: &VerifiedEntry) -> bool {
        let log_id = hex::encode(&entry.log_id);
        self.entries
            .iter()
            .any(|blocked| blocked.log_id == log_id && entry.tree_index == Some(blocked.index))
    }
}

/// Programs write serial numbers with zeros before them or without.
fn is_same_number(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.trim_start_matches('0').to_ascii_lowercase();
    digits(one) == digits(other)
}
