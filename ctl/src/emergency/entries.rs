//! The entries of the logs of signatures that were made with certificates of a key.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigstead_proto::admin::v1::get_entry_request::Entry as Asked;
use sigstead_proto::admin::v1::tlog_admin_client::TlogAdminClient;
use sigstead_proto::admin::v1::{EntryPlace, GetEntryRequest, SearchEntriesRequest};
use sigstead_x509::Certificate;
use tonic::transport::Channel;

use super::affected::{Affected, Certificate as Listed, Entry};
use crate::admin::{self, refused};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::log;
use crate::log::ended::log_id;

/// Adds what the search index has of the certificates' identities, and is of one of them.
pub(super) async fn add(affected: &mut Affected, instance: &Instance) {
    if affected.certificates.is_empty() {
        return;
    }
    let logs = match log::list(instance).await {
        Ok(logs) => logs,
        Err(failure) => return affected.did_not_answer("the logs of signatures", &failure),
    };
    let ids = logs.into_iter().map(|log| {
        let id = hex::encode(log_id(&log));
        (log.origin, id)
    });
    let ids: BTreeMap<_, _> = ids.collect();
    let identities = affected
        .certificates
        .iter()
        .map(|each| each.identity.clone());
    let identities: BTreeSet<_> = identities.filter(|identity| !identity.is_empty()).collect();
    let mut entries: BTreeMap<(String, u64), Entry> = BTreeMap::new();
    for identity in identities {
        match of_identity(instance, &identity, &affected.certificates).await {
            Err(failure) => {
                let whom = format!("the logs of signatures, for {identity}");
                affected.did_not_answer(&whom, &failure);
            }
            Ok(found) => entries.extend(found.into_iter().map(|(place, serial)| {
                let entry = Entry {
                    log_id: ids.get(&place.origin).cloned().unwrap_or_default(),
                    log: place.origin,
                    index: place.leaf_index,
                    serial,
                };
                ((entry.log.clone(), entry.index), entry)
            })),
        }
    }
    affected.entries = entries.into_values().collect();
}

async fn of_identity(
    instance: &Instance,
    identity: &str,
    listed: &[Listed],
) -> Result<Vec<(EntryPlace, String)>, Failure> {
    let channel = admin::connect(instance, Service::Tlog).await?;
    let mut client = TlogAdminClient::new(channel);
    let request = SearchEntriesRequest {
        terms: vec![identity.to_owned()],
        all_terms: false,
    };
    let found = client.search_entries(request).await.map_err(refused)?;
    let mut entries = Vec::new();
    for place in found.into_inner().places {
        let body = body(&mut client, &place).await?;
        let of_body = certificates_in(&body);
        let is_one = |each: &&Listed| of_body.iter().any(|certificate| is_it(each, certificate));
        let serial = listed.iter().find(is_one).map(|each| each.serial.clone());
        entries.extend(serial.map(|serial| (place, serial)));
    }
    Ok(entries)
}

async fn body(
    client: &mut TlogAdminClient<Channel>,
    place: &EntryPlace,
) -> Result<Vec<u8>, Failure> {
    let request = GetEntryRequest {
        origin: place.origin.clone(),
        entry: Some(Asked::LeafIndex(place.leaf_index)),
    };
    let entry = client.get_entry(request).await.map_err(refused)?;
    Ok(entry.into_inner().body)
}

/// A thief may use the serial number of another certificate, so that its hash decides where that is known.
fn is_it(listed: &Listed, certificate: &Certificate) -> bool {
    let serial = hex::encode(certificate.serial());
    let sha256 = listed.sha256.as_ref();
    listed.serial == format!("{serial:0>40}")
        && sha256.is_none_or(|sha256| *sha256 == hex::encode(certificate.sha256()))
}

/// Every kind of entry has its certificates as DER or PEM in base64, in a member of its own.
fn certificates_in(body: &[u8]) -> Vec<Certificate> {
    let mut certificates = Vec::new();
    let mut left: Vec<Value> = serde_json::from_slice(body).into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Array(values) => left.extend(values),
            Value::Object(members) => left.extend(members.into_iter().map(|(_, value)| value)),
            Value::String(text) => certificates.extend(certificates_of(&text)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    certificates
}

fn certificates_of(text: &str) -> Vec<Certificate> {
    let Ok(bytes) = STANDARD.decode(text) else {
        return Vec::new();
    };
    if let Ok(certificate) = Certificate::from_der(&bytes) {
        return vec![certificate];
    }
    let pem = String::from_utf8(bytes).unwrap_or_default();
    Certificate::chain_from_pem(&pem).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: &str = include_str!("../../../crates/kit/testdata/owner.pem");

    #[test]
    fn a_certificate_is_found_in_whatever_member_has_it_as_der_or_pem() {
        let leaf = Certificate::from_pem(LEAF).unwrap();
        for text in [STANDARD.encode(leaf.to_der()), STANDARD.encode(LEAF)] {
            let body =
                serde_json::json!({"spec": {"signatures": [{"verifier": text}], "other": "AAAA"}});
            let found = certificates_in(body.to_string().as_bytes());
            assert_eq!(found, std::slice::from_ref(&leaf));
        }
        assert!(certificates_in(b"no JSON").is_empty());
    }
}
