//! People, by a name within the domain of their issuer.

use serde_json::Value;
use sigstead_x509::SubjectAlternativeName;

use super::Identity;
use crate::claims::invalid;
use crate::email::looks_like_email_address;
use crate::{Error, IssuerConfig};

pub(super) fn identify(subject: &str, issuer: &IssuerConfig) -> Result<Identity, Error> {
    let found = Value::from(subject);
    if subject.contains('!') {
        let expected = "a name without an exclamation mark, which separates name and domain";
        return Err(invalid("sub", expected, &found));
    }
    if looks_like_email_address(subject) {
        let expected = "a name that cannot be taken for an e-mail address";
        return Err(invalid("sub", expected, &found));
    }
    let name = format!("{subject}!{}", issuer.subject_domain);
    Ok(Identity::of(SubjectAlternativeName::OtherName(name)))
}
