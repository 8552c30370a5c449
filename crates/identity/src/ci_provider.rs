use std::collections::BTreeMap;

use sigstead_x509::FulcioExtensions;

use crate::claims::Claims;
use crate::template::Template;
use crate::{CiIssuerMetadata, CiProviderFault, Error, IssuerConfig};

/// The continuous integration systems that the file of issuers describes, by their names in it.
#[derive(Debug, Default)]
pub(crate) struct CiProviders(BTreeMap<String, CiProvider>);

/// How one of them names builds, and what its certificates tell of them.
#[derive(Debug)]
pub(crate) struct CiProvider {
    defaults: BTreeMap<String, String>,
    fixed: BTreeMap<String, String>,
    san: Template,
    /// By the name of the field.
    extensions: Vec<(&'static str, Template)>,
}

impl CiProviders {
    /// Reads every template of the file.
    pub(crate) fn new(metadata: &BTreeMap<String, CiIssuerMetadata>) -> Result<Self, Error> {
        let read = |(provider, metadata): (&String, &CiIssuerMetadata)| {
            let read = CiProvider::new(metadata).map_err(|fault| Error::CiProviderInvalid {
                provider: provider.clone(),
                fault,
            })?;
            Ok((provider.clone(), read))
        };
        metadata
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn of(&self, issuer: &IssuerConfig) -> Result<&CiProvider, Error> {
        self.0
            .get(&issuer.ci_provider)
            .ok_or_else(|| Error::ConfigInvalid {
                issuer: issuer.issuer_url.clone(),
                fault: crate::ConfigFault::CiProviderUnknown,
            })
    }
}

impl CiProvider {
    fn new(metadata: &CiIssuerMetadata) -> Result<Self, CiProviderFault> {
        let san = &metadata.subject_alternative_name_template;
        if san.trim().is_empty() {
            return Err(CiProviderFault::SanMissing);
        }
        let mut extensions: Vec<(&'static str, Template)> = Vec::new();
        for (key, text) in &metadata.extension_templates {
            if is_ignored(key) {
                continue;
            }
            let field =
                field(key).ok_or_else(|| CiProviderFault::ExtensionUnknown { key: key.clone() })?;
            if extensions.iter().any(|(known, _)| *known == field) {
                return Err(CiProviderFault::ExtensionTwice { key: key.clone() });
            }
            // As if it were not there.
            if !text.is_empty() {
                extensions.push((field, read(key, text)?));
            }
        }
        Ok(Self {
            defaults: metadata.default_template_values.clone(),
            fixed: metadata.fixed_template_values.clone(),
            san: read("subject-alternative-name-template", san)?,
            extensions,
        })
    }

    pub(crate) fn san(&self, claims: &Claims) -> Result<String, Error> {
        self.san.evaluate(&|name| self.value(claims, name))
    }

    pub(crate) fn extensions(&self, claims: &Claims) -> Result<FulcioExtensions, Error> {
        let mut extensions = FulcioExtensions::default();
        for (field, template) in &self.extensions {
            let value = template.evaluate(&|name| self.value(claims, name))?;
            if !value.is_empty() {
                extensions.set_claim(field, value);
            }
        }
        Ok(extensions)
    }

    fn value(&self, claims: &Claims, name: &str) -> Result<Option<String>, Error> {
        if let Some(fixed) = self.fixed.get(name) {
            return Ok(Some(fixed.clone()));
        }
        let written = claims.written(name)?;
        Ok(written.or_else(|| self.defaults.get(name).cloned()))
    }
}

fn read(key: &str, text: &str) -> Result<Template, CiProviderFault> {
    Template::parse(text).map_err(|fault| CiProviderFault::Template {
        key: key.to_owned(),
        fault,
    })
}

/// Issuer and subject of a certificate come from the token, whatever the file says.
pub(crate) fn is_ignored(key: &str) -> bool {
    ["issuer", "subject"]
        .iter()
        .any(|name| key.eq_ignore_ascii_case(name))
}

/// The field of an extension, whose key is `build-signer-uri` in YAML and `BuildSignerURI` in JSON.
fn field(key: &str) -> Option<&'static str> {
    FulcioExtensions::CLAIMS.iter().copied().find(|field| {
        key == field.replace('_', "-") || key.eq_ignore_ascii_case(&field.replace('_', ""))
    })
}

#[cfg(test)]
mod tests;
