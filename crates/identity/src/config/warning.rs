use url::Url;

use super::shared_audience::shared_audiences;
use super::{IssuerConfig, IssuersConfig};
use crate::address::is_in_the_open;
use crate::ci_provider::is_ignored;

/// What an operator may want to look at in a file that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigWarning {
    /// The key is misspelled, or of a version of Fulcio that is newer.
    #[error("nothing reads {key} in the file of issuers; correct its name if it is misspelled")]
    KeyUnknown {
        /// Its path.
        key: String,
    },
    /// The token says what the template says.
    #[error(
        "nothing reads {key} of provider {provider} in the file of issuers, \
         because issuer and subject of a certificate are those of the token"
    )]
    TemplateIgnored {
        /// The key of the provider.
        provider: String,
        /// The extension.
        key: String,
    },
    /// A token with a claim of the default's name chooses the value.
    #[error(
        "a token with a claim {name} overrides the default of provider {provider} in the file of \
         issuers; write it under fixed-template-values unless tokens are meant to have it"
    )]
    DefaultOverridable {
        /// The key of the provider.
        provider: String,
        /// The name of the value.
        name: String,
    },
    /// The keys come without TLS from another host.
    #[error(
        "the keys of issuer {issuer} in the file of issuers are fetched from {url} without tls; whoever is on the path \
         can put keys of their own there and sign as anybody of this issuer; use https, or write the keys as jwks"
    )]
    KeysInTheOpen {
        /// The key of the entry.
        issuer: String,
        /// From where.
        url: String,
    },
    /// Services beside this one get tokens of this audience.
    #[error(
        "issuers {} in the file of issuers give tokens for {audience:?} to users of other services, too; each of these \
         services can sign in the name of who shows it one, because no rule says who may; write an audience of your own \
         as client-id, or rules in allow",
        issuers.join(", ")
    )]
    AudienceShared {
        /// The keys of the entries.
        issuers: Vec<String>,
        /// Their `client-id`.
        audience: String,
    },
}

impl IssuersConfig {
    /// What is odd about the file and does not stop it from being used.
    #[must_use]
    pub fn warnings(&self) -> Vec<ConfigWarning> {
        let ignored = self.ignored.iter();
        let mut warnings: Vec<ConfigWarning> = ignored
            .map(|key| ConfigWarning::KeyUnknown { key: key.clone() })
            .collect();
        warnings.extend(self.in_the_open());
        let shared = shared_audiences(self).into_iter();
        warnings.extend(
            shared.map(|(audience, issuers)| ConfigWarning::AudienceShared { issuers, audience }),
        );
        for (provider, metadata) in &self.ci_issuer_metadata {
            let keys = metadata.extension_templates.keys();
            let ignored = keys.filter(|key| is_ignored(key));
            warnings.extend(ignored.map(|key| ConfigWarning::TemplateIgnored {
                provider: provider.clone(),
                key: key.clone(),
            }));
            // An empty default stands for a claim that tokens may lack.
            let overridable = metadata
                .default_template_values
                .iter()
                .filter(|(name, value)| {
                    !value.is_empty()
                        && !metadata.fixed_template_values.contains_key(*name)
                        && !CLAIMS_WITH_DEFAULTS.contains(&name.as_str())
                });
            warnings.extend(
                overridable.map(|(name, _)| ConfigWarning::DefaultOverridable {
                    provider: provider.clone(),
                    name: name.clone(),
                }),
            );
        }
        warnings
    }

    fn in_the_open(&self) -> impl Iterator<Item = ConfigWarning> {
        let exact = self.issuers.iter();
        let exact = exact.filter_map(|(key, issuer)| Some((key, open_url(key, issuer)?)));
        let patterns = self.meta_issuers.keys();
        let patterns = patterns.filter(|pattern| pattern.starts_with("http:"));
        exact
            .chain(patterns.map(|pattern| (pattern, pattern.clone())))
            .map(|(issuer, url)| ConfigWarning::KeysInTheOpen {
                issuer: issuer.clone(),
                url,
            })
    }
}

/// Where the keys of an issuer are fetched from in the open, if they are.
fn open_url(key: &str, issuer: &IssuerConfig) -> Option<String> {
    if issuer.jwks.is_some() || issuer.jwks_file.is_some() {
        return None;
    }
    let url = match &issuer.jwks_uri {
        Some(url) => url.clone(),
        None => Url::parse(key).ok()?,
    };
    is_in_the_open(&url).then(|| match &issuer.jwks_uri {
        Some(url) => url.to_string(),
        None => key.to_owned(),
    })
}

/// Claims of Codefresh and Buddy, which name the server of a token that has them.
const CLAIMS_WITH_DEFAULTS: [&str; 2] = ["platform_url", "base_url"];
