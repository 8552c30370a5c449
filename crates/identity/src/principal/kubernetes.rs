//! Service accounts of Kubernetes, by namespace and name.

use serde_json::Value;
use sigstead_x509::SubjectAlternativeName;

use super::Identity;
use crate::Error;
use crate::claims::path::ClaimPath;
use crate::claims::{Claims, invalid};

pub(super) fn identify(claims: &Claims) -> Result<Identity, Error> {
    if let Some(found) = claims.value(LEGACY_NAMESPACE) {
        let expected = "no such claim: tokens from secrets never expire, use a projected one";
        return Err(invalid(LEGACY_NAMESPACE, expected, found));
    }
    let namespace = ClaimPath::of(&["kubernetes.io", "namespace"]);
    let account = ClaimPath::of(&["kubernetes.io", "serviceaccount", "name"]);
    let namespace = name(claims, &namespace, is_label, "a label of RFC 1123")?;
    let account = name(claims, &account, is_subdomain, "a subdomain of RFC 1123")?;
    let subject = format!("system:serviceaccount:{namespace}:{account}");
    if claims.text("sub")? != subject {
        let found = Value::from(claims.text("sub")?);
        let expected = format!("{subject}, as the claim kubernetes.io says");
        return Err(invalid("sub", expected, &found));
    }
    let uri = format!("https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{account}");
    Ok(Identity::of(SubjectAlternativeName::Uri(uri)))
}

fn name<'a>(
    claims: &'a Claims,
    path: &ClaimPath,
    is_name: fn(&str) -> bool,
    expected: &str,
) -> Result<&'a str, Error> {
    let name = claims.at_path(path)?;
    if is_name(name) {
        return Ok(name);
    }
    Err(invalid(&path.to_string(), expected, &Value::from(name)))
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The claim that tokens have which Kubernetes keeps in secrets.
const LEGACY_NAMESPACE: &str = "kubernetes.io/serviceaccount/namespace";
