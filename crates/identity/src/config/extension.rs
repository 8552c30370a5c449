//! What the file of issuers says beyond Fulcio's format. Fulcio ignores it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{IssuerConfig, IssuerType};
use crate::address::has_user;
use crate::error::ConfigFault;

/// The key set of an issuer (RFC 7517 §5) as the operator wrote it: an object, or a text that holds one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PinnedKeys(Value);

impl PinnedKeys {
    /// The set as a text.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(Value::String(text))
    }

    pub(crate) fn text(&self) -> String {
        match &self.0 {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        }
    }
}

/// Other subjects of an issuer: tokens that are for another audience, or that are of the other kind. A token
/// with an `email` claim is of type `email`, one without of the others; clients decide in the same way what
/// to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlsoConfig {
    /// What these subjects are: `email`, `uri` or `username`.
    #[serde(rename = "type")]
    pub kind: IssuerType,
    /// The audience that their tokens must have. Default: that of the entry.
    #[serde(
        rename = "client-id",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub client_id: String,
    /// As `subject-domain` of an entry.
    #[serde(
        rename = "subject-domain",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub subject_domain: String,
}

impl IssuerConfig {
    /// The entry, and one for each of its other subjects.
    pub(crate) fn profiles(&self) -> Vec<Self> {
        let other = |also: &AlsoConfig| Self {
            kind: also.kind,
            client_id: match also.client_id.as_str() {
                "" => self.client_id.clone(),
                own => own.to_owned(),
            },
            subject_domain: also.subject_domain.clone(),
            issuer_claim: String::new(),
            challenge_claim: String::new(),
            spiffe_trust_domain: String::new(),
            ci_provider: String::new(),
            skip_email_verification: false,
            also: Vec::new(),
            ..self.clone()
        };
        let others: Vec<Self> = self.also.iter().map(other).collect();
        let entry = Self {
            also: Vec::new(),
            ..self.clone()
        };
        std::iter::once(entry).chain(others).collect()
    }

    /// Checks what the entry says beyond Fulcio's format, but for the keys themselves.
    pub(super) fn validate_extension(&self) -> Result<(), ConfigFault> {
        let places = [
            self.jwks.is_some(),
            self.jwks_file.is_some(),
            self.jwks_uri.is_some(),
        ];
        if places.into_iter().filter(|place| *place).count() > 1 {
            return Err(ConfigFault::KeysTwice);
        }
        let is_web = |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if !self.jwks_uri.as_ref().is_none_or(is_web) {
            return Err(ConfigFault::JwksUriInvalid);
        }
        if self.jwks_uri.as_ref().is_some_and(has_user) {
            return Err(ConfigFault::JwksUriUser);
        }
        let periods = [self.max_key_age, self.max_token_life];
        if periods
            .iter()
            .flatten()
            .any(|period| period.duration().is_zero())
        {
            return Err(ConfigFault::PeriodZero);
        }
        self.validate_also()
    }

    /// One set of keys for many issuers would let each speak for the others.
    pub(super) fn validate_meta_extension(&self) -> Result<(), ConfigFault> {
        if self.jwks.is_some() || self.jwks_file.is_some() || self.jwks_uri.is_some() {
            return Err(ConfigFault::MetaKeys);
        }
        Ok(())
    }

    fn validate_also(&self) -> Result<(), ConfigFault> {
        let is_possible = |also: &AlsoConfig| {
            matches!(
                also.kind,
                IssuerType::Email | IssuerType::Uri | IssuerType::Username
            )
        };
        if !self.also.iter().all(is_possible) {
            return Err(ConfigFault::AlsoType);
        }
        let mut seen = HashSet::new();
        let profiles = self.profiles();
        let is_new = |profile: &Self| {
            seen.insert((profile.client_id.clone(), profile.kind == IssuerType::Email))
        };
        if !profiles.iter().all(is_new) {
            return Err(ConfigFault::AlsoAmbiguous);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::IssuersConfig;

    fn outcome(entry: &str) -> String {
        let text = format!(
            "oidc-issuers:\n  https://i.example.com: {{client-id: sigstore, type: email{entry}}}\n"
        );
        match IssuersConfig::parse(&text) {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_said_beyond_the_format_of_fulcio_is_checked() {
        for (entry, expected) in [
            ("", "ok"),
            (", jwks: {keys: []}", "ok"),
            (", jwks: '{\"keys\":[]}'", "ok"),
            (", jwks-file: keys.json", "ok"),
            (", jwks-uri: https://keys.example.com/jwks", "ok"),
            (
                ", jwks-uri: 'file:///etc/passwd'",
                "jwks-uri is not an http",
            ),
            (
                ", jwks: {keys: []}, jwks-file: keys.json",
                "write one of jwks",
            ),
            (", max-key-age: 1h, max-token-life: 10m", "ok"),
            (", max-key-age: 0s", "must be longer than nothing"),
            (", allow-other-audiences: [account]", "ok"),
            (
                ", also: [{type: uri, subject-domain: 'https://i.example.com'}]",
                "ok",
            ),
            (", also: [{type: uri}]", "subject-domain is missing"),
            (
                ", also: [{type: uri, subject-domain: 'https://other.org'}]",
                "subject-domain must share",
            ),
            (", also: [{type: kubernetes}]", "also is possible with type"),
            (", also: [{type: email}]", "cannot be told apart"),
            (", also: [{type: email, client-id: other}]", "ok"),
            (", also: [{type: email, issuer-url: x}]", "cannot be read"),
        ] {
            let found = outcome(entry);
            assert!(found.contains(expected), "{entry}: {found}");
        }
    }

    #[test]
    fn a_pattern_has_no_keys_of_its_own() {
        let text = "meta-issuers:\n  https://*.example.com: {client-id: s, type: email, \
                    jwks-uri: 'https://k.example.com'}\n";
        let error = IssuersConfig::parse(text).unwrap_err().to_string();
        assert!(
            error.contains("is not possible for a meta-issuer"),
            "{error}"
        );
    }
}
