//! The certificates of a key, from the record of issuances and from the CT log, which has also those that the authority did not
//! issue itself.

use std::collections::{BTreeMap, BTreeSet};

use sigstead_ct::{SignedEntry, TileLeaf};
use sigstead_trust_root::AuthorityState;
use time::OffsetDateTime;

use super::affected::{Affected, Certificate};
use super::ct_entries::{self, Logged};
use super::key::{Key, Role};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::issued;

/// By what a certificate is known to be of the key, or below it.
pub(super) struct Issuers {
    /// SHA-256 of the certificates of the issuing keys, hex, each with that of its key.
    issuing: BTreeMap<String, String>,
    /// SHA-256 of certificates above all that the key issued.
    above: BTreeSet<[u8; 32]>,
    /// SHA-256 of the key itself.
    key: [u8; 32],
}

impl Issuers {
    pub(super) fn of(key: &Key, chains: &[AuthorityState]) -> Result<Self, Failure> {
        let mut issuing = BTreeMap::new();
        let mut above = BTreeSet::new();
        let mut own = [0; 32];
        for chain in chains {
            let certificates = chain.certificates();
            let certificates = certificates.map_err(|error| {
                Failure::service("the trust state", &chain.url, sigstead_kit::causes(&error))
            })?;
            let (Some(first), Some(last)) = (certificates.first(), certificates.last()) else {
                continue;
            };
            let log_id = first.public_key().log_id();
            issuing.insert(hex::encode(first.sha256()), log_id.to_string());
            let its = if key.role == Role::CaRoot {
                last
            } else {
                first
            };
            above.insert(its.sha256());
            own = *its.public_key().log_id().as_bytes();
        }
        Ok(Self {
            issuing,
            above,
            key: own,
        })
    }

    /// Whether the CT log has a certificate of the key, or of one that it certified.
    fn issued(&self, leaf: &TileLeaf) -> bool {
        let is_its = match &leaf.timestamped_entry.entry {
            SignedEntry::Precertificate {
                issuer_key_hash, ..
            } => issuer_key_hash.0 == self.key,
            SignedEntry::Certificate(_) => false,
        };
        is_its || leaf.chain.iter().any(|above| self.above.contains(above))
    }
}

/// Adds what both have, the oldest first.
pub(super) async fn add(
    affected: &mut Affected,
    instance: &Instance,
    issuers: &Issuers,
    since: OffsetDateTime,
) {
    let mut found: BTreeMap<String, Certificate> = BTreeMap::new();
    match issued::since(instance, since).await {
        Err(failure) => affected.did_not_answer("the record of issuances", &failure),
        Ok(issuances) => {
            let of_key = issuances
                .into_iter()
                .filter_map(|issuance| recorded(issuance, issuers));
            found.extend(of_key.map(|each| (each.serial.clone(), each)));
        }
    }
    match ct_entries::since(instance, since, |leaf| issuers.issued(leaf)).await {
        Err(failure) => affected.did_not_answer("the CT log", &failure),
        Ok(logged) => logged.into_iter().for_each(|each| join(&mut found, each)),
    }
    if let Some(others) = ct_entries::others(instance) {
        affected.unanswered.push(others);
    }
    affected.certificates = found.into_values().collect();
    affected
        .certificates
        .sort_by(|one, other| (one.at, &one.serial).cmp(&(other.at, &other.serial)));
}

/// A certificate that the authority issued itself. Of an issuance that failed before there was one, there may be a precertificate
/// in the CT log, which is found there.
fn recorded(issuance: sigstead_issuance::Issuance, issuers: &Issuers) -> Option<Certificate> {
    let issuer_key = issuers.issuing.get(&issuance.authority)?.clone();
    Some(Certificate {
        at: issuance.time,
        serial: issuance.serial,
        identity: issuance.identity,
        issuer: issuance.issuer,
        issuance: Some(issuance.id),
        ct_index: None,
        issuer_key,
        precertificate_sha256: issuance.precertificate_sha256,
        sha256: issuance.certificate_sha256,
        logged_sha256: None,
    })
}

/// A thief may use the serial number of another certificate, so that the hash of the precertificate tells whether it is the one
/// that is recorded.
fn join(found: &mut BTreeMap<String, Certificate>, logged: Logged) {
    let Logged {
        certificate,
        is_final,
    } = logged;
    match found.get_mut(&certificate.serial) {
        Some(known) if !is_final && is_recorded(known, &certificate) => {
            known.ct_index = certificate.ct_index;
            known.logged_sha256 = certificate.logged_sha256;
            // The record may have a digest of an address.
            known.identity = certificate.identity;
        }
        // The same certificate once more, with its promises.
        Some(known) if is_final && known.sha256 == certificate.sha256 => {}
        Some(_) => {
            let index = certificate.ct_index.unwrap_or_default();
            found.insert(format!("{} {index}", certificate.serial), certificate);
        }
        None => {
            found.insert(certificate.serial.clone(), certificate);
        }
    }
}

/// An issuance that was interrupted may not have its precertificate in the record.
fn is_recorded(known: &Certificate, logged: &Certificate) -> bool {
    let is_it = known.precertificate_sha256 == logged.precertificate_sha256;
    known.ct_index.is_none() && (known.precertificate_sha256.is_none() || is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(serial: &str, precertificate: Option<&str>) -> Certificate {
        Certificate {
            at: OffsetDateTime::UNIX_EPOCH,
            serial: serial.to_owned(),
            identity: "sha256:00".to_owned(),
            issuer: String::new(),
            issuance: None,
            ct_index: None,
            issuer_key: String::new(),
            precertificate_sha256: precertificate.map(str::to_owned),
            sha256: None,
            logged_sha256: None,
        }
    }

    fn joined(known: Option<&str>, logged: &str) -> Vec<(bool, Option<u64>, String)> {
        let known = Certificate {
            issuance: Some("an issuance".to_owned()),
            ..certificate("01", known)
        };
        let mut found = BTreeMap::from([("01".to_owned(), known)]);
        let certificate = Certificate {
            ct_index: Some(7),
            identity: "alice@example.com".to_owned(),
            ..certificate("01", Some(logged))
        };
        join(
            &mut found,
            Logged {
                certificate,
                is_final: false,
            },
        );
        let found = found.into_values();
        let told = found.map(|each| (each.issuance.is_some(), each.ct_index, each.identity));
        told.collect()
    }

    #[test]
    fn a_stranger_with_the_number_of_a_recorded_certificate_is_listed_beside_it() {
        let alice = || "alice@example.com".to_owned();
        for known in [Some("aa"), None] {
            assert_eq!(joined(known, "aa"), [(true, Some(7), alice())]);
        }
        assert_eq!(
            joined(Some("bb"), "aa"),
            [
                (true, None, "sha256:00".to_owned()),
                (false, Some(7), alice())
            ]
        );
    }
}
