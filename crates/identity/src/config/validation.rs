//! The rules that Fulcio checks when it loads the file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::{IssuerConfig, IssuerType, IssuersConfig};
use crate::address::has_user;
use crate::admission::{self, Place};
use crate::ci_provider::CiProviders;
use crate::claims::path::ClaimPath;
use crate::own_extension::{self, OwnExtensions};
use crate::spiffe_id::{SCHEME, is_trust_domain};
use crate::subject_domain;
use crate::{ConfigFault, Error};

impl IssuersConfig {
    pub(super) fn validate(&self) -> Result<(), Error> {
        for key in &self.ignored {
            if let Some(meant) = misspelled(key) {
                return Err(invalid(key, ConfigFault::Misspelled { meant }));
            }
        }
        if !self.extension_arc.is_empty() {
            let arc = own_extension::parse_arc(&self.extension_arc);
            arc.map_err(|fault| invalid("extension-arc", fault))?;
        }
        for (key, issuer) in &self.issuers {
            let url = if issuer.issuer_url.is_empty() {
                key
            } else {
                &issuer.issuer_url
            };
            let check = if url == key {
                issuer.validate_at(key)
            } else {
                Err(ConfigFault::UrlDiffers)
            };
            check
                .and_then(|()| self.validate_provider(issuer))
                .and_then(|()| self.validate_rules(issuer, Place::Url(key)))
                .and_then(|()| self.validate_extensions(issuer))
                .map_err(|fault| invalid(key, fault))?;
        }
        for (pattern, issuer) in &self.meta_issuers {
            issuer
                .validate_meta()
                .and_then(|()| self.validate_provider(issuer))
                .and_then(|()| self.validate_rules(issuer, Place::Pattern))
                .and_then(|()| self.validate_extensions(issuer))
                .map_err(|fault| invalid(pattern, fault))?;
        }
        CiProviders::new(&self.ci_issuer_metadata).map(drop)
    }

    fn validate_rules(&self, issuer: &IssuerConfig, place: Place<'_>) -> Result<(), ConfigFault> {
        admission::compile(issuer, place, self.fulcio_compatible)
            .map(drop)
            .map_err(ConfigFault::Rule)
    }

    fn validate_extensions(&self, issuer: &IssuerConfig) -> Result<(), ConfigFault> {
        OwnExtensions::new(&self.extension_arc, &issuer.extensions).map(drop)
    }

    fn validate_provider(&self, issuer: &IssuerConfig) -> Result<(), ConfigFault> {
        let described = self.ci_issuer_metadata.contains_key(&issuer.ci_provider);
        if issuer.kind == IssuerType::CiProvider && !described {
            return Err(ConfigFault::CiProviderUnknown);
        }
        Ok(())
    }
}

impl IssuerConfig {
    /// Checks the entry for one issuer, written or made from a meta-issuer.
    pub(crate) fn validate_at(&self, issuer_url: &str) -> Result<(), ConfigFault> {
        let url = Url::parse(issuer_url).map_err(|_| ConfigFault::UrlInvalid)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(ConfigFault::UrlInvalid);
        }
        if has_user(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err(ConfigFault::UrlParts);
        }
        self.validate_common()?;
        for other in self.profiles().iter().skip(1) {
            other.validate_at(issuer_url)?;
        }
        match self.kind {
            IssuerType::Uri => subject_domain::validate_uri(&self.subject_domain, &url),
            IssuerType::Username => subject_domain::validate_username(&self.subject_domain, &url),
            IssuerType::Spiffe => check_trust_domain(&self.spiffe_trust_domain),
            _ => Ok(()),
        }
    }

    fn validate_meta(&self) -> Result<(), ConfigFault> {
        self.validate_meta_extension()?;
        let needs_domain = matches!(self.kind, IssuerType::Uri | IssuerType::Username);
        if self.kind == IssuerType::Spiffe {
            return Err(ConfigFault::MetaSpiffe);
        }
        // Whether the domain is the issuer's own shows only when a URL matches.
        if needs_domain && self.subject_domain.is_empty() {
            return Err(ConfigFault::SubjectDomainMissing);
        }
        self.validate_common()
    }

    fn validate_common(&self) -> Result<(), ConfigFault> {
        self.validate_extension()?;
        if self.client_id.is_empty() {
            return Err(ConfigFault::ClientIdMissing);
        }
        if !self.issuer_claim.is_empty() {
            if self.kind != IssuerType::Email {
                return Err(ConfigFault::IssuerClaimNotEmail);
            }
            ClaimPath::parse(&self.issuer_claim).map_err(ConfigFault::IssuerClaimInvalid)?;
        }
        if !self.ca_cert.is_empty() && !is_pem_certificate(&self.ca_cert) {
            return Err(ConfigFault::CaCertInvalid);
        }
        Ok(())
    }
}

/// The key of ours that an unknown key is most likely meant to be. Fulcio's own are only warned of, because a newer Fulcio
/// has more of them; ours restrict who may sign, and a misspelled restriction would be none.
fn misspelled(path: &str) -> Option<&'static str> {
    let key = path.rsplit('.').next().unwrap_or(path).to_lowercase();
    let distance = |own: &str| strsim::damerau_levenshtein(&key, own);
    let is_near = |own: &&&str| distance(own) <= own.len().div_ceil(5).min(2);
    let near = OWN_KEYS.iter().find(is_near).copied();
    near.or_else(|| restriction(&key))
}

/// The restriction that a key speaks of, however far from its name.
fn restriction(key: &str) -> Option<&'static str> {
    let begins_with = |stem| key.starts_with(stem);
    if ["deny", "denie"].into_iter().any(begins_with) {
        return Some("deny");
    }
    if key.starts_with("allow") {
        return Some("allow");
    }
    key.contains("rule").then_some("allow or deny")
}

/// The keys that Fulcio does not know.
const OWN_KEYS: [&str; 14] = [
    "allow",
    "deny",
    "shared",
    "also",
    "jwks",
    "jwks-file",
    "jwks-uri",
    "max-key-age",
    "max-token-life",
    "allow-other-audiences",
    "extension-arc",
    "extensions",
    "single-use",
    "fixed-template-values",
];

fn invalid(issuer: &str, fault: ConfigFault) -> Error {
    Error::ConfigInvalid {
        issuer: issuer.to_owned(),
        fault,
    }
}

fn check_trust_domain(text: &str) -> Result<(), ConfigFault> {
    let name = text.strip_prefix(SCHEME).unwrap_or(text);
    if name.contains('/') {
        return Err(ConfigFault::TrustDomainPath);
    }
    if !is_trust_domain(name) {
        return Err(ConfigFault::TrustDomainInvalid);
    }
    Ok(())
}

fn is_pem_certificate(text: &str) -> bool {
    let body = text
        .split_once("-----BEGIN CERTIFICATE-----")
        .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE-----"));
    body.is_some_and(|(body, _)| {
        let body: String = body.split_ascii_whitespace().collect();
        !body.is_empty() && STANDARD.decode(body).is_ok()
    })
}
