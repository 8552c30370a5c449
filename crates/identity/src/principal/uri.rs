//! Workloads, by a URI below the domain of their issuer.

use serde_json::Value;
use sigstead_x509::SubjectAlternativeName;

use super::Identity;
use crate::certificate_uri::CertificateUri;
use crate::claims::invalid;
use crate::{Error, IssuerConfig, subject_domain};

pub(super) fn identify(subject: &str, issuer: &IssuerConfig) -> Result<Identity, Error> {
    let found = Value::from(subject);
    let uri = CertificateUri::parse(subject)
        .map_err(|_| invalid("sub", "a URI with a scheme and a host", &found))?;
    // Verifiers compare the beginning of the text, which would be the user's and not the host's.
    if uri.has_user_info() {
        return Err(invalid("sub", "a URI without user information", &found));
    }
    if !subject_domain::covers(&issuer.subject_domain, &uri) {
        let expected = format!("a URI with scheme and host of {}", issuer.subject_domain);
        return Err(invalid("sub", expected, &found));
    }
    Ok(Identity::of(SubjectAlternativeName::Uri(uri.to_string())))
}
