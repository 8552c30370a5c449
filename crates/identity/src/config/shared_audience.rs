//! Audiences that are not this service's alone. Who receives a token of such an audience can bring it here.

use std::collections::BTreeMap;

use super::{IssuerConfig, IssuersConfig};
use crate::admission::{self, Place};

/// The audiences that are shared and that no rule restricts, each with the keys of the entries that have it.
pub(super) fn shared_audiences(config: &IssuersConfig) -> BTreeMap<String, Vec<String>> {
    let exact = config.issuers.iter();
    let exact = exact.map(|(url, issuer)| (url, issuer, Place::Url(url)));
    let patterns = config.meta_issuers.iter();
    let patterns = patterns.map(|(pattern, issuer)| (pattern, issuer, Place::Pattern));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, issuer, place) in exact.chain(patterns) {
        let is_open = is_open(config, issuer, place);
        let audiences = issuer
            .profiles()
            .into_iter()
            .map(|profile| profile.client_id);
        for audience in audiences.filter(|audience| is_open && is_shared(audience, place)) {
            let issuers = found.entry(audience).or_default();
            if !issuers.contains(key) {
                issuers.push(key.clone());
            }
        }
    }
    found
}

/// Whether everybody with a token gets a certificate. Where nobody does, there is nothing to warn of.
fn is_open(config: &IssuersConfig, issuer: &IssuerConfig, place: Place<'_>) -> bool {
    let rules = admission::compile(issuer, place, config.fulcio_compatible);
    issuer.allow.is_empty() && rules.is_ok_and(|rules| !rules.refuse_everybody())
}

/// `sigstore` is every Sigstore's, where everybody has an account.
fn is_shared(audience: &str, place: Place<'_>) -> bool {
    (audience == "sigstore" && admission::serves_strangers(place))
        || DEFAULTS.contains(&audience.trim_end_matches('/'))
        || PREFIXES.iter().any(|prefix| audience.starts_with(prefix))
}

/// What clouds, clusters and issuers ask for, or give, unless they are told otherwise.
const DEFAULTS: [&str; 12] = [
    "account",
    "api://AzureADTokenExchange",
    "api://default",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "32555940559.apps.googleusercontent.com",
    "https://gitlab.com",
    "https://graph.microsoft.com",
    "https://kubernetes.default.svc",
    "https://kubernetes.default.svc.cluster.local",
    "https://management.azure.com",
    "sts.amazonaws.com",
    "vault",
];
/// What tokens for the workloads of Google begin with, and those of GitHub without an audience: the URL of the owner.
const PREFIXES: [&str; 3] = [
    "https://github.com/",
    "https://iam.googleapis.com/",
    "//iam.googleapis.com/",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(text: &str) -> Vec<String> {
        let warnings = IssuersConfig::parse(text).unwrap().warnings();
        warnings.iter().map(ToString::to_string).collect()
    }

    fn own(entry: &str) -> Vec<String> {
        warned(&format!(
            "oidc-issuers:\n  https://i.example.com: {{type: email, {entry}}}\n"
        ))
    }

    #[test]
    fn warns_of_an_audience_that_others_receive_too() {
        for audience in DEFAULTS
            .iter()
            .chain(&["https://github.com/acme", "https://gitlab.com/"])
        {
            let [warning] = &own(&format!("client-id: '{audience}'"))[..] else {
                panic!("{audience}")
            };
            assert!(
                warning.contains("issuers https://i.example.com in"),
                "{warning}"
            );
        }
        for entry in [
            "client-id: sigstore",
            "client-id: sigstead",
            "client-id: my-vault",
            "client-id: https://github.example.com/acme",
            "client-id: vault, allow: [{name: all, rule: 'true'}]",
            // Nobody gets a certificate.
            "client-id: vault, shared: true",
        ] {
            assert_eq!(own(entry), [""; 0], "{entry}");
        }
        let [also] = &own("client-id: sigstore, also: [{type: email, client-id: account}]")[..]
        else {
            panic!("other subjects have an audience too")
        };
        assert!(also.contains("\"account\""), "{also}");
    }

    #[test]
    fn sigstore_is_the_audience_of_every_sigstore_where_everybody_has_an_account() {
        let public = "  https://gitlab.com: {client-id: sigstore, type: email}\n  \
                      https://accounts.google.com: {client-id: sigstore, type: email}\n";
        let closed = format!("oidc-issuers:\n{public}");
        assert_eq!(warned(&closed), [""; 0]);
        let [warning] = &warned(&format!("fulcio-compatible: true\n{closed}"))[..] else {
            panic!("one warning for both")
        };
        assert!(
            warning.contains("https://accounts.google.com, https://gitlab.com"),
            "{warning}"
        );
        let pattern = "meta-issuers:\n  https://*.example.com: {client-id: sigstore, type: email, shared: false}\n";
        assert_eq!(warned(pattern).len(), 1);
    }
}
