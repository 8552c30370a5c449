//! What the record says of an issuance, and what it does not: the token stays out of it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sigstead_identity::Principal;
use sigstead_issuance::{Issuance, Logged, Outcome, RecordConfig, Stage, hashed_address};
use sigstead_key::HashAlgorithm;
use sigstead_x509::{Certificate, PrecertificateTbs, SerialNumber, Validity};
use time::OffsetDateTime;

use crate::ct_log::VerifiedSct;
use crate::error::Error;
use crate::key_request::ProvenKey;

/// Where a request came from, as far as the record tells.
#[derive(Debug, Clone, Default)]
pub struct RequestOrigin {
    /// The address of the caller, of whom a trusted proxy may have told.
    pub peer: Option<std::net::IpAddr>,
    /// The number that a refusal carries as `sigstead-request-id`.
    pub request_id: Option<String>,
    /// The identifier of the trace that the caller named.
    pub trace_id: Option<String>,
}

/// What of a token and its principal goes into the record.
#[derive(Debug, Clone)]
pub struct RecordPolicy {
    claims: Vec<String>,
    hash_emails: bool,
}

/// Everything that an issuance is known by before anything is signed.
pub(crate) struct Intended<'a> {
    pub(crate) token: &'a str,
    pub(crate) origin: RequestOrigin,
    pub(crate) principal: &'a Principal,
    pub(crate) key: &'a ProvenKey,
    pub(crate) serial: &'a SerialNumber,
    pub(crate) validity: Validity,
    pub(crate) authority: &'a Certificate,
    pub(crate) precertificate: &'a PrecertificateTbs,
    pub(crate) time: OffsetDateTime,
}

impl RecordPolicy {
    /// The policy of a configuration.
    #[must_use]
    pub fn new(config: &RecordConfig) -> Self {
        Self {
            claims: config.claims.clone(),
            hash_emails: config.hash_emails,
        }
    }

    /// The first state of an issuance.
    pub(crate) fn intended(&self, intended: Intended<'_>) -> Result<Issuance, Error> {
        let claims = claims_of(intended.token);
        let text = |text: &str| self.personal(text);
        Ok(Issuance {
            id: random_id()?,
            time: intended.time,
            request_id: intended.origin.request_id,
            trace_id: intended.origin.trace_id,
            peer: intended.origin.peer.map(|peer| peer.to_string()),
            issuer: intended.principal.extensions().issuer.clone(),
            subject: text(&intended.principal.extensions().subject),
            identity: text(intended.principal.san().value()),
            rule: intended.principal.rule().map(ToOwned::to_owned),
            claims: self.selected(&claims),
            token_id: claims.get("jti").and_then(scalar),
            token_sha256: sha256(intended.token.as_bytes()),
            key: intended.key.public_key().fingerprint(),
            serial: intended.serial.to_string(),
            not_before: intended.validity.not_before,
            not_after: intended.validity.not_after,
            authority: sha256(intended.authority.to_der()),
            tbs_sha256: sha256(intended.precertificate.bytes_to_sign()),
            precertificate_sha256: None,
            logged: None,
            certificate_sha256: None,
            stage: Stage::Precertificate,
            outcome: Outcome::Open,
            failure: None,
        })
    }

    fn selected(&self, claims: &Map<String, Value>) -> BTreeMap<String, String> {
        let selected = self.claims.iter().filter_map(|name| {
            let value = claims.get(name).and_then(scalar)?;
            Some((name.clone(), self.personal(&value)))
        });
        selected.collect()
    }

    /// A text as it is recorded.
    fn personal(&self, text: &str) -> String {
        let hashed = self.hash_emails.then(|| hashed_address(text)).flatten();
        hashed.unwrap_or_else(|| text.to_owned())
    }
}

/// What the SCT says of the log.
pub(crate) fn logged(sct: &VerifiedSct) -> Logged {
    Logged {
        log_id: hex::encode(sct.log_id()),
        time: sct.time(),
        leaf_index: sct.leaf_index(),
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(HashAlgorithm::Sha256.digest(bytes))
}

/// The claims of a token that was verified before; none if it cannot be read, which verification would have refused.
fn claims_of(token: &str) -> Map<String, Value> {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&decoded).unwrap_or_default()
}

/// A value without members, cut where no honest one is as long.
fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(text.chars().take(MAX_CLAIM_CHARACTERS).collect())
}

fn random_id() -> Result<String, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| Error::Randomness)?;
    Ok(hex::encode(random))
}

/// The holder of a token chooses nothing of the record's size beyond this.
const MAX_CLAIM_CHARACTERS: usize = 512;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(hash_emails: bool) -> RecordPolicy {
        RecordPolicy::new(&RecordConfig {
            hash_emails,
            claims: ["run_id", "ref", "owner", "nested", "absent"]
                .map(ToOwned::to_owned)
                .to_vec(),
            ..RecordConfig::default()
        })
    }

    #[test]
    fn records_the_claims_that_are_asked_for_and_no_others() {
        let payload = json!({
            "run_id": 7, "ref": "x".repeat(600), "owner": "Alice@Example.com", "nested": {"a": 1}, "secret": "s",
        });
        let token = format!("h.{}.s", URL_SAFE_NO_PAD.encode(payload.to_string()));
        let selected = policy(false).selected(&claims_of(&token));
        let names: Vec<_> = selected.keys().map(String::as_str).collect();
        assert_eq!(names, ["owner", "ref", "run_id"]);
        assert_eq!(
            (selected["run_id"].as_str(), selected["ref"].len()),
            ("7", 512)
        );
        assert_eq!(selected["owner"], "Alice@Example.com");
        let hashed = policy(true).selected(&claims_of(&token));
        let digest = sha256(b"alice@example.com");
        assert_eq!(hashed["owner"], format!("sha256:{digest}"));
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for token in ["", "a", "a.b.c", "a.%.c"] {
            assert!(claims_of(token).is_empty(), "{token}");
        }
    }
}
