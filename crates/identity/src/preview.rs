use sigstead_rules::Rules;
use sigstead_x509::{FulcioExtensions, SubjectAlternativeName};

use crate::admission::{self, Place};
use crate::ci_provider::CiProviders;
use crate::claims::Claims;
use crate::error::ConfigFault;
use crate::examination::{RuleOutcome, admit, facts, outcomes};
use crate::own_extension::OwnExtensions;
use crate::profile;
use crate::{Error, IssuerConfig, IssuersConfig, Principal, pattern, trust_domain};

/// What certificates would say for a token that nobody verified. It is for trying a file of issuers out,
/// and no [`Principal`], so that nothing can be issued for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The text whose signature would prove possession of a key.
    pub name: String,
    /// What the certificate would certify.
    pub san: SubjectAlternativeName,
    /// What else it would tell.
    pub extensions: FulcioExtensions,
    /// What each rule of the issuer said, those that deny first.
    pub rules: Vec<RuleOutcome>,
    /// Why the rules let it have no certificate, if they do not.
    pub refusal: Option<String>,
}

impl IssuersConfig {
    /// Follows the rules for the issuer that the claims name, which are the payload of a token in JSON.
    /// Neither audience nor time is looked at.
    ///
    /// # Errors
    /// The claims are not acceptable, or nobody trusts their issuer.
    pub fn preview(&self, claims: &[u8]) -> Result<Preview, Error> {
        let claims = Claims::parse(claims)?;
        let profiles = self.issuer_of(&claims)?.profiles();
        let issuer = profile::of(&profiles, &claims)?;
        let providers = CiProviders::new(&self.ci_issuer_metadata)?;
        let own = OwnExtensions::new(&self.extension_arc, &issuer.extensions);
        let own = own.map_err(|fault| Error::ConfigInvalid {
            issuer: issuer.issuer_url.clone(),
            fault,
        })?;
        let principal = Principal::from_claims(&claims, issuer, &providers)?
            .with_extensions(own.of(&claims)?)?;
        let rules = self.rules_of(issuer)?;
        let facts = facts(&claims, &principal, issuer);
        let refusal = match admit(&rules, &facts) {
            Err(Error::NotAllowed { reason }) => Some(reason),
            _ => None,
        };
        Ok(Preview {
            name: principal.name().to_owned(),
            san: principal.san().clone(),
            extensions: principal.extensions().clone(),
            rules: outcomes(&rules, &facts),
            refusal,
        })
    }

    /// The issuers that strangers have tokens of and that have no rule that allows: nobody gets a certificate from them.
    #[must_use]
    pub fn closed(&self) -> Vec<&str> {
        let exact = self.issuers.iter();
        let exact = exact.map(|(url, issuer)| (url, issuer, Place::Url(url)));
        let patterns = self.meta_issuers.iter();
        let patterns = patterns.map(|(pattern, issuer)| (pattern, issuer, Place::Pattern));
        let closed = exact.chain(patterns).filter(|(_, issuer, place)| {
            admission::compile(issuer, *place, self.fulcio_compatible)
                .is_ok_and(|rules| rules.refuse_everybody())
        });
        closed.map(|(name, _, _)| name.as_str()).collect()
    }

    fn rules_of(&self, issuer: &IssuerConfig) -> Result<Rules, Error> {
        let url = &issuer.issuer_url;
        let place = match self.issuers.contains_key(url) {
            true => Place::Url(url),
            false => Place::Pattern,
        };
        let compiled = admission::compile(issuer, place, self.fulcio_compatible);
        compiled.map_err(|fault| Error::ConfigInvalid {
            issuer: url.clone(),
            fault: ConfigFault::Rule(fault),
        })
    }

    fn issuer_of(&self, claims: &Claims) -> Result<IssuerConfig, Error> {
        let issuer_url = match claims.value("iss") {
            Some(_) => claims.text("iss")?,
            None => trust_domain::issuer_of(
                claims,
                self.issuers.iter().map(|(key, issuer)| (issuer, key)),
            )?,
        };
        let unknown = || Error::IssuerUnknown {
            issuer: issuer_url.to_owned(),
        };
        if let Some(issuer) = self.issuers.get(issuer_url) {
            // The entry may leave its URL out.
            let mut issuer = issuer.clone();
            issuer_url.clone_into(&mut issuer.issuer_url);
            return Ok(issuer);
        }
        let meta = pattern::closest(&self.meta_issuers, issuer_url).ok_or_else(unknown)?;
        let issuer = meta.concrete(issuer_url);
        issuer.validate_at(issuer_url).map_err(|_| unknown())?;
        Ok(issuer)
    }
}
