//! Workloads, by a SPIFFE ID of the trust domain (SPIFFE-ID §2).

use serde_json::Value;
use sigstead_x509::SubjectAlternativeName;

use super::Identity;
use crate::claims::invalid;
use crate::spiffe_id::{SCHEME, SpiffeId};
use crate::{Error, IssuerConfig};

pub(super) fn identify(subject: &str, issuer: &IssuerConfig) -> Result<Identity, Error> {
    let found = Value::from(subject);
    let id = SpiffeId::parse(subject)
        .map_err(|expected| invalid("sub", format!("a SPIFFE ID, with {expected}"), &found))?;
    let configured = issuer.spiffe_trust_domain.as_str();
    let trust_domain = configured.strip_prefix(SCHEME).unwrap_or(configured);
    if id.trust_domain() != trust_domain {
        let expected = format!("a SPIFFE ID of trust domain {trust_domain}");
        return Err(invalid("sub", expected, &found));
    }
    Ok(Identity::of(SubjectAlternativeName::Uri(
        subject.to_owned(),
    )))
}
