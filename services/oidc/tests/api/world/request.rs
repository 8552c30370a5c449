use std::collections::HashMap;

use serde_json::Value;

use super::{CALLBACK, CHALLENGE, PASSWORD, VERIFIER};

/// The query of an authorization request, with some parameters changed; empty ones are left out.
pub(crate) fn query(changed: &[(&str, &str)]) -> String {
    let fields = [
        ("response_type", "code"),
        ("client_id", "sigstore"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "st"),
        ("access_type", "online"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    form(&replaced(&fields, changed))
}

pub(crate) fn token_form(code: &str, changed: &[(&str, &str)]) -> String {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "sigstore"),
        ("redirect_uri", CALLBACK),
        ("code", code),
        ("code_verifier", VERIFIER),
    ];
    form(&replaced(&fields, changed))
}

/// What the workload `ci` asks with.
pub(crate) fn workload_form(secret: &str) -> String {
    form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "ci"),
        ("client_secret", secret),
    ])
}

pub(crate) fn sign_in_form(token: &str) -> String {
    sign_in_form_of("alice@example.com", PASSWORD, token)
}

pub(super) fn sign_in_form_of(email: &str, password: &str, token: &str) -> String {
    form(&[
        ("form_token", token),
        ("action", "sign-in"),
        ("email", email),
        ("password", password),
    ])
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

pub(crate) fn parameters(location: &str) -> HashMap<String, String> {
    let url = url::Url::parse(location).unwrap();
    url.query_pairs().into_owned().collect()
}

pub(crate) fn path_of(url: &Value) -> String {
    let url = url::Url::parse(url.as_str().unwrap()).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// Fields with some changed; those that are changed to nothing are left out.
pub(crate) fn replaced<'a>(
    fields: &[(&'a str, &'a str)],
    changed: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = fields
        .iter()
        .filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    kept.chain(changed.iter().filter(|(_, value)| !value.is_empty()))
        .copied()
        .collect()
}
