use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigstead_kit::Period;
use sigstead_rules::RuleConfig;
use url::Url;

use crate::Error;

mod extension;
mod file;
mod issuer_type;
mod shared_audience;
mod validation;
mod warning;

pub use extension::{AlsoConfig, PinnedKeys};
pub use issuer_type::IssuerType;
pub use warning::ConfigWarning;

/// The file of trusted issuers, in the format of Fulcio's own `config.yaml` or `config.json`.
///
/// Keys stand in the spelling of either. What nothing reads does not stop anything, because a newer
/// Fulcio may know it; [`IssuersConfig::warnings`] tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuersConfig {
    /// Issuers by their URL.
    #[serde(
        rename = "oidc-issuers",
        alias = "OIDCIssuers",
        default,
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub issuers: BTreeMap<String, IssuerConfig>,
    /// Issuers by a pattern for their URL, in which `*` stands for one or more letters, digits,
    /// hyphens and underscores.
    #[serde(
        rename = "meta-issuers",
        alias = "MetaIssuers",
        default,
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub meta_issuers: BTreeMap<String, IssuerConfig>,
    /// How the claims of continuous integration systems become certificate extensions.
    #[serde(
        rename = "ci-issuer-metadata",
        alias = "CIIssuerMetadata",
        default,
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub ci_issuer_metadata: BTreeMap<String, CiIssuerMetadata>,
    /// Whether everybody with a token of an issuer that serves strangers gets a certificate, where its entry says
    /// nothing of it, as Fulcio has it. Without it such an issuer needs rules that allow. A key of ours.
    #[serde(
        rename = "fulcio-compatible",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub fulcio_compatible: bool,
    /// Sigstead's own: the arc that the operator defines extensions of certificates under, such as
    /// `1.3.6.1.4.1.99999.1` of an enterprise number. Default none, and then no entry may have `extensions`.
    #[serde(
        rename = "extension-arc",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub extension_arc: String,
    /// The keys that the file had and nothing reads.
    #[serde(skip)]
    ignored: Vec<String>,
}

/// One trusted issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerConfig {
    /// The `iss` of its tokens. Default: the key of the entry.
    #[serde(
        rename = "issuer-url",
        alias = "IssuerURL",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub issuer_url: String,
    /// The audience that its tokens must have.
    #[serde(rename = "client-id", alias = "ClientID", default)]
    pub client_id: String,
    /// What its subjects are.
    #[serde(rename = "type", alias = "Type")]
    pub kind: IssuerType,
    /// For type `ci-provider`: the entry of `ci-issuer-metadata`.
    #[serde(
        rename = "ci-provider",
        alias = "CIProvider",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub ci_provider: String,
    /// For type `email`: path of the claim that names the issuer behind a federating one, such as
    /// `$.federated_claims.connector_id`.
    #[serde(
        rename = "issuer-claim",
        alias = "IssuerClaim",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub issuer_claim: String,
    /// For type `uri`: scheme and host that subjects must have. For type `username`: the host name
    /// that follows the user's name.
    #[serde(
        rename = "subject-domain",
        alias = "SubjectDomain",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub subject_domain: String,
    /// For type `spiffe`: the trust domain of its subjects.
    #[serde(
        rename = "spiffe-trust-domain",
        alias = "SPIFFETrustDomain",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub spiffe_trust_domain: String,
    /// What clients are told to sign as proof of possession. Default: `email` for type `email`,
    /// else `sub`.
    #[serde(
        rename = "challenge-claim",
        alias = "ChallengeClaim",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub challenge_claim: String,
    /// For people.
    #[serde(
        rename = "description",
        alias = "Description",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub description: String,
    /// For people.
    #[serde(
        rename = "contact",
        alias = "Contact",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub contact: String,
    /// For people.
    #[serde(
        rename = "environment",
        alias = "Environment",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub environment: String,
    /// PEM certificates of authorities that are trusted for this issuer's server, in addition to
    /// those of the operating system.
    #[serde(
        rename = "ca-cert",
        alias = "CACert",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub ca_cert: String,
    /// For type `email`: accept addresses that the issuer has not verified. Whoever may choose an
    /// address at the issuer then signs in anybody's name.
    #[serde(
        rename = "skip-email-verification",
        alias = "SkipEmailVerification",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub skip_email_verification: bool,
    /// Whether strangers have tokens of this issuer too, so that without a rule in `allow` nobody gets a certificate.
    /// Default: true for the public issuers that are known and for every pattern. A key of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<bool>,
    /// Rules that say who gets a certificate. If there are any, one of them has to hold. A key of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<RuleConfig>,
    /// Rules that say who gets none, whatever `allow` says. A key of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<RuleConfig>,
    /// Sigstead's own: the issuer's keys, as a JSON web key set or as the text of one. Nothing is fetched
    /// then, and a rotation of the issuer is followed by hand. For issuers that cannot be reached.
    #[serde(rename = "jwks", default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PinnedKeys>,
    /// Sigstead's own: a file with the issuer's keys, as `jwks`. Its path begins at the file of issuers.
    #[serde(rename = "jwks-file", default, skip_serializing_if = "Option::is_none")]
    pub jwks_file: Option<PathBuf>,
    /// Sigstead's own: where the issuer's keys are. Its discovery document is not asked for then. It may have
    /// any address.
    #[serde(rename = "jwks-uri", default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<Url>,
    /// Sigstead's own: how long keys are used while the issuer cannot be reached. Default `24h`. Longer, and a
    /// key that the issuer took back stays good for whoever can cut the two off from each other.
    #[serde(
        rename = "max-key-age",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub max_key_age: Option<Period>,
    /// Sigstead's own: how long a token may last, from its issue or from now. Default `24h`.
    #[serde(
        rename = "max-token-life",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub max_token_life: Option<Period>,
    /// Sigstead's own: other audiences that a token may have beside `client-id`, and other parties that it may
    /// be issued to (`azp`). Each of them can use the token here. Default none.
    #[serde(
        rename = "allow-other-audiences",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    pub allow_other_audiences: Vec<String>,
    /// Sigstead's own: whether a token gets one certificate, and none when it comes again. Default `false`, because tools sign
    /// several artifacts with one token. A token that was stolen from a log is then worth nothing once it was used.
    #[serde(
        rename = "single-use",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub single_use: bool,
    /// Sigstead's own: extensions of certificates by their object identifiers, which are below `extension-arc`: each
    /// holds a claim by its name, or what a template makes of claims. At most 16. What is in them is public for ever.
    #[serde(
        rename = "extensions",
        default,
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub extensions: BTreeMap<String, String>,
    /// Sigstead's own: other subjects of the issuer, such as workloads beside people.
    #[serde(rename = "also", default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlsoConfig>,
}

/// How the claims of one continuous integration system become certificate extensions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CiIssuerMetadata {
    /// Values for claims that a token lacks. A token that has a claim of the name overrides one.
    #[serde(rename = "default-template-values", alias = "DefaultTemplateValues")]
    pub default_template_values: BTreeMap<String, String>,
    /// Values that no claim overrides, such as the URL of the one server that tokens come from. Fulcio does
    /// not know them.
    #[serde(
        rename = "fixed-template-values",
        alias = "FixedTemplateValues",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub fixed_template_values: BTreeMap<String, String>,
    /// Extension by extension, a claim's name or a template over the claims.
    #[serde(
        rename = "extension-templates",
        alias = "ExtensionTemplates",
        alias = "ClaimsTemplates"
    )]
    pub extension_templates: BTreeMap<String, String>,
    /// The template of the subject alternative name.
    #[serde(
        rename = "subject-alternative-name-template",
        alias = "SubjectAlternativeNameTemplate"
    )]
    pub subject_alternative_name_template: String,
}

impl IssuersConfig {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`Error::ConfigSyntax`] with the place, or [`Error::ConfigInvalid`] and [`Error::CiProviderInvalid`]
    /// with the entry.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let config = file::read(text)?;
        config.validate()?;
        Ok(config)
    }

    /// The file as YAML, for [`IssuersConfig::parse`].
    ///
    /// # Errors
    /// Does not happen with entries that were parsed.
    pub fn to_yaml(&self) -> Result<String, Error> {
        serde_yaml::to_string(self).map_err(|error| Error::ConfigEncode(Arc::new(error)))
    }

    /// Adds an issuer under its URL; an entry of the same URL is replaced.
    #[must_use]
    pub fn with_issuer(mut self, issuer: IssuerConfig) -> Self {
        self.issuers.insert(issuer.issuer_url.clone(), issuer);
        self
    }

    /// Adds issuers under a pattern for their URL; an entry of the same pattern is replaced.
    #[must_use]
    pub fn with_meta_issuer(mut self, pattern: impl Into<String>, issuer: IssuerConfig) -> Self {
        self.meta_issuers.insert(pattern.into(), issuer);
        self
    }
}

impl IssuerConfig {
    /// An issuer with every default.
    #[must_use]
    pub fn new(
        issuer_url: impl Into<String>,
        client_id: impl Into<String>,
        kind: IssuerType,
    ) -> Self {
        Self {
            issuer_url: issuer_url.into(),
            client_id: client_id.into(),
            kind,
            ci_provider: String::new(),
            issuer_claim: String::new(),
            subject_domain: String::new(),
            spiffe_trust_domain: String::new(),
            challenge_claim: String::new(),
            description: String::new(),
            contact: String::new(),
            environment: String::new(),
            ca_cert: String::new(),
            skip_email_verification: false,
            shared: None,
            allow: Vec::new(),
            deny: Vec::new(),
            jwks: None,
            jwks_file: None,
            jwks_uri: None,
            max_key_age: None,
            max_token_life: None,
            allow_other_audiences: Vec::new(),
            single_use: false,
            extensions: BTreeMap::new(),
            also: Vec::new(),
        }
    }

    /// The claim that clients are told to sign; it does not change what the service checks.
    #[must_use]
    pub fn challenge_claim(&self) -> &str {
        match (self.challenge_claim.as_str(), self.kind) {
            ("", IssuerType::Email) => "email",
            ("", _) => "sub",
            (configured, _) => configured,
        }
    }

    /// The entry that a meta-issuer makes for one matching URL. What is for people, and what a
    /// meta-issuer cannot have, stays behind.
    pub(crate) fn concrete(&self, issuer_url: &str) -> Self {
        Self {
            ci_provider: self.ci_provider.clone(),
            issuer_claim: self.issuer_claim.clone(),
            subject_domain: self.subject_domain.clone(),
            ca_cert: self.ca_cert.clone(),
            skip_email_verification: self.skip_email_verification,
            max_key_age: self.max_key_age,
            max_token_life: self.max_token_life,
            allow_other_audiences: self.allow_other_audiences.clone(),
            single_use: self.single_use,
            extensions: self.extensions.clone(),
            also: self.also.clone(),
            shared: self.shared,
            allow: self.allow.clone(),
            deny: self.deny.clone(),
            ..Self::new(issuer_url, self.client_id.clone(), self.kind)
        }
    }
}

#[cfg(test)]
mod tests;
