//! What a key signed since it was in other hands, and what nobody can know.

use serde::Serialize;
use sigstead_verify::{BlockList, BlockedCertificate, BlockedEntry};
use time::OffsetDateTime;

use super::key::Key;
use crate::failure::Failure;

/// All that is known.
#[derive(Default, Serialize)]
pub(super) struct Affected {
    pub(super) certificates: Vec<Certificate>,
    pub(super) entries: Vec<Entry>,
    /// What cannot be known whatever is asked, a sentence each.
    pub(super) unknowable: Vec<String>,
    /// What was not answered, a sentence each: what is listed may lack something.
    pub(super) unanswered: Vec<String>,
}

/// A certificate that the key issued.
#[derive(Serialize)]
pub(super) struct Certificate {
    /// When the record or the CT log has it.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    pub(super) serial: String,
    pub(super) identity: String,
    pub(super) issuer: String,
    /// The identifier in the issuance record; none of a certificate that the authority did not issue itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuance: Option<String>,
    /// The index in the instance's CT log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ct_index: Option<u64>,
    pub(super) issuer_key: String,
    /// SHA-256 of the precertificate, hex, by which the CT log's entry is known.
    #[serde(skip)]
    pub(super) precertificate_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logged_sha256: Option<String>,
}

/// An entry of a log of signatures that was made with such a certificate.
#[derive(Serialize)]
pub(super) struct Entry {
    pub(super) log: String,
    pub(super) log_id: String,
    pub(super) index: u64,
    /// Of the certificate.
    pub(super) serial: String,
}

impl Affected {
    pub(super) fn did_not_answer(&mut self, whom: &str, failure: &Failure) {
        self.unanswered.push(format!("{whom}: {}", failure.coded()));
    }

    /// How many certificates the authority did not issue itself.
    pub(super) fn strangers(&self) -> usize {
        let strangers = self.certificates.iter();
        strangers.filter(|each| each.issuance.is_none()).count()
    }

    /// How many different identities the certificates name.
    pub(super) fn identities(&self) -> usize {
        let identities = self.certificates.iter().map(|each| &each.identity);
        identities.collect::<std::collections::BTreeSet<_>>().len()
    }

    /// What verifiers are to refuse.
    pub(super) fn block_list(&self, key: &Key, since: OffsetDateTime) -> BlockList {
        let certificates = self.certificates.iter().map(|each| BlockedCertificate {
            issuer_key: each.issuer_key.clone(),
            serial: each.serial.clone(),
            sha256: each.sha256.clone(),
            logged_sha256: each.logged_sha256.clone(),
        });
        let entries = self.entries.iter().map(|each| BlockedEntry {
            log_id: each.log_id.clone(),
            index: each.index,
        });
        BlockList {
            media_type: BlockList::MEDIA_TYPE.to_owned(),
            key: key.fingerprint.clone(),
            since,
            certificates: certificates.collect(),
            entries: entries.collect(),
        }
    }
}
