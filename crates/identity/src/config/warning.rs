use super::IssuersConfig;
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
}

impl IssuersConfig {
    /// What is odd about the file and does not stop it from being used.
    #[must_use]
    pub fn warnings(&self) -> Vec<ConfigWarning> {
        let ignored = self.ignored.iter();
        let mut warnings: Vec<ConfigWarning> = ignored
            .map(|key| ConfigWarning::KeyUnknown { key: key.clone() })
            .collect();
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
}

/// Claims of Codefresh and Buddy, which name the server of a token that has them.
const CLAIMS_WITH_DEFAULTS: [&str; 2] = ["platform_url", "base_url"];
