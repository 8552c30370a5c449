use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sigstead_kit::Period;
use sigstead_rules::Rules;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::address::Reach;
use crate::admission::{self, Place};
use crate::ci_provider::CiProviders;
use crate::claims::Claims;
use crate::config::{IssuerConfig, IssuerType, IssuersConfig};
use crate::error::{ConfigFault, Error};
use crate::examination::{Check, Examination, admit, facts, outcomes};
use crate::fetch::Fetch;
use crate::fetch_limit::{FetchLimit, Lane, PatternLimit};
use crate::home_cluster::HomeCluster;
use crate::issuer_keys::{Fetching, IssuerKeys};
use crate::issuer_state::{IssuerLocation, IssuerState};
use crate::key_source::KeySource;
use crate::pattern;
use crate::principal::Principal;
use crate::profile;
use crate::remembered::Remembered;
use crate::token::IdToken;
use crate::token_rules;

/// The trusted issuers, with their keys as far as they were needed.
pub struct Issuers {
    exact: BTreeMap<String, Exact>,
    patterns: BTreeMap<String, Pattern>,
    ci_providers: CiProviders,
    /// Written by every token of an issuer that a pattern stands for.
    remembered: Mutex<Remembered>,
    fetching: Arc<Fetching>,
}

/// An issuer whose URL is in the file.
struct Exact {
    profiles: Arc<[IssuerConfig]>,
    keys: Arc<IssuerKeys>,
    rules: Arc<Rules>,
}

/// Issuers for whose URLs a pattern is in the file.
struct Pattern {
    config: IssuerConfig,
    limit: PatternLimit,
    rules: Arc<Rules>,
}

/// The issuer that a token names.
struct Named {
    profiles: Arc<[IssuerConfig]>,
    keys: Arc<IssuerKeys>,
    rules: Arc<Rules>,
    lane: Lane,
}

/// One configured issuer, as clients may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredIssuer {
    /// Its URL, or the pattern of its URL.
    pub location: IssuerLocation,
    /// The audience that tokens must have.
    pub audience: String,
    /// The claim to sign as proof of possession.
    pub challenge_claim: String,
    /// The trust domain of a `spiffe` issuer, else empty.
    pub spiffe_trust_domain: String,
    /// What its subjects are.
    pub kind: IssuerType,
    /// The domain of a `uri` or `username` issuer, else empty.
    pub subject_domain: String,
    /// Whether addresses are certified that the issuer has not verified.
    pub skip_email_verification: bool,
}

impl Issuers {
    /// Takes the issuers of a file. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`Error::CiProviderInvalid`] and [`Error::ConfigInvalid`], unless the file was checked.
    pub fn new(config: IssuersConfig, fetch: Arc<dyn Fetch>) -> Result<Self, Error> {
        let ci_providers = CiProviders::new(&config.ci_issuer_metadata)?;
        let is_open = config.fulcio_compatible;
        let exact = |(url, mut config): (String, IssuerConfig)| {
            config.issuer_url.clone_from(&url);
            let rules = rules(&config, Place::Url(&url), is_open)?;
            let keys = Arc::new(keys(&config, Reach::Anywhere)?);
            let exact = Exact {
                profiles: config.profiles().into(),
                keys,
                rules,
            };
            Ok((url, exact))
        };
        let pattern = |(pattern, config)| {
            let rules = rules(&config, Place::Pattern, is_open)?;
            let limit = PatternLimit::new();
            let issuers = Pattern {
                config,
                limit,
                rules,
            };
            Ok((pattern, issuers))
        };
        let limit = FetchLimit::new();
        Ok(Self {
            exact: config
                .issuers
                .into_iter()
                .map(exact)
                .collect::<Result<_, Error>>()?,
            patterns: config
                .meta_issuers
                .into_iter()
                .map(pattern)
                .collect::<Result<_, Error>>()?,
            ci_providers,
            remembered: Mutex::default(),
            fetching: Arc::new(Fetching {
                fetch,
                limit,
                home: None,
            }),
        })
    }

    /// The same issuers for a service that runs in a Kubernetes cluster. Keys of that cluster are asked for with the
    /// credential of the service's pod.
    #[must_use]
    pub fn in_cluster(self, home: HomeCluster) -> Self {
        let fetching = Fetching {
            fetch: self.fetching.fetch.clone(),
            limit: FetchLimit::new(),
            home: Some(home),
        };
        Self {
            fetching: Arc::new(fetching),
            ..self
        }
    }

    /// Verifies a token and says who presented it.
    ///
    /// # Errors
    /// The token is not acceptable, or [`Error::IssuerUnavailable`], [`Error::IssuerDocument`] and
    /// [`Error::IssuerPending`] if its issuer is at fault.
    pub async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Principal, Error> {
        self.examine(token, now, &mut Examination::default()).await
    }

    /// Says of a token how far it comes and what its issuer's rules say of it, and why it comes no further.
    pub async fn explain(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> (Examination, Result<Principal, Error>) {
        let mut examination = Examination::default();
        let result = self.examine(token, now, &mut examination).await;
        if let Some(principal) = &examination.principal
            && let Ok(token) = IdToken::parse(token)
            && let Ok(named) = self.named_by(&token.claims)
            && let Ok(issuer) = profile::of(&named.profiles, &token.claims)
        {
            let facts = facts(&token.claims, principal, issuer.kind.as_str());
            examination.rules = outcomes(&named.rules, &facts);
        }
        (examination, result)
    }

    async fn examine(
        &self,
        token: &str,
        now: OffsetDateTime,
        examination: &mut Examination,
    ) -> Result<Principal, Error> {
        let token = IdToken::parse(token)?;
        examination.passed.push(Check::Format);
        // Not believed: it only says whose keys to try, and the keys then decide.
        let issuer_url = token.claims.optional_text("iss").unwrap_or_default();
        examination.issuer = issuer_url.map(ToOwned::to_owned);
        let named = self.named_by(&token.claims)?;
        let issuer = profile::of(&named.profiles, &token.claims)?;
        examination.passed.push(Check::Issuer);
        // Before the signature, because they cost nothing and a stale token causes no fetch.
        token_rules::check_audience(&token.claims, issuer)?;
        examination.passed.push(Check::Audience);
        let longest = issuer.max_token_life.unwrap_or(LONGEST_TOKEN).time();
        token_rules::check_times(&token.claims, longest, now)?;
        examination.passed.push(Check::Time);
        named
            .keys
            .verify(&self.fetching, &named.lane, &token)
            .await?;
        examination.passed.push(Check::Signature);
        let principal = Principal::from_claims(&token.claims, issuer, &self.ci_providers)?;
        examination.passed.push(Check::Identity);
        examination.principal = Some(principal.clone());
        let facts = facts(&token.claims, &principal, issuer.kind.as_str());
        let rule = admit(&named.rules, &facts)?;
        examination.passed.push(Check::Rules);
        Ok(principal.allowed_by(rule))
    }

    /// What clients may know about the issuers.
    #[must_use]
    pub fn configured(&self) -> Vec<ConfiguredIssuer> {
        let exact = self.exact.iter().flat_map(|(url, issuer)| {
            let location = || IssuerLocation::Url(url.clone());
            let profiles = issuer.profiles.iter();
            profiles.map(move |profile| describe(location(), profile))
        });
        let patterns = self.patterns.iter().flat_map(|(pattern, issuer)| {
            let location = || IssuerLocation::Wildcard(pattern.clone());
            let profiles = issuer.config.profiles().into_iter();
            profiles.map(move |profile| describe(location(), &profile))
        });
        exact.chain(patterns).collect()
    }

    /// Starts the fetches that are due, and waits for none. Who calls it every second keeps the keys
    /// at hand, so that neither the first token nor the first after a rotation waits for them.
    pub fn refresh(&self) {
        for issuer in self.exact.values() {
            issuer.keys.refresh(&self.fetching, &Lane::Known);
        }
    }

    /// How each issuer does whose URL is in the file.
    #[must_use]
    pub fn states(&self) -> Vec<IssuerState> {
        let state = |(url, issuer): (&String, &Exact)| IssuerState {
            location: IssuerLocation::Url(url.clone()),
            keys: issuer.keys.state(),
        };
        self.exact.iter().map(state).collect()
    }

    /// The issuer that a token names.
    fn named_by(&self, claims: &Claims) -> Result<Named, Error> {
        match claims.value("iss") {
            Some(_) => self.named(claims.text("iss")?),
            None => self.of_trust_domain(claims),
        }
    }

    fn named(&self, issuer_url: &str) -> Result<Named, Error> {
        if let Some(issuer) = self.exact.get(issuer_url) {
            return Ok(issuer.named());
        }
        let unknown = || Error::IssuerUnknown {
            issuer: issuer_url.to_owned(),
        };
        let pattern = pattern::closest(&self.patterns, issuer_url).ok_or_else(unknown)?;
        let config = pattern.config.concrete(issuer_url);
        config.validate_at(issuer_url).map_err(|_| unknown())?;
        let keys = self.remember(&config)?;
        let lane = if keys.is_proven() {
            Lane::Known
        } else {
            Lane::Strange(pattern.limit.clone())
        };
        Ok(Named {
            profiles: config.profiles().into(),
            keys,
            rules: pattern.rules.clone(),
            lane,
        })
    }

    /// The issuer of a token that names none, as those of SPIFFE workloads often do not: the one whose trust domain
    /// the subject is of, unless there are several.
    fn of_trust_domain(&self, claims: &Claims) -> Result<Named, Error> {
        let missing = || Error::ClaimMissing {
            claim: "iss".to_owned(),
        };
        let subject = claims.text("sub").map_err(|_| missing())?;
        let id = subject.strip_prefix(SPIFFE).ok_or_else(missing)?;
        let domain = id.split('/').next().unwrap_or_default();
        let is_of_domain = |issuer: &&Exact| {
            issuer.profiles.iter().any(|profile| {
                let own = &profile.spiffe_trust_domain;
                profile.kind == IssuerType::Spiffe
                    && own.strip_prefix(SPIFFE).unwrap_or(own) == domain
            })
        };
        let mut found = self.exact.values().filter(is_of_domain);
        match (found.next(), found.next()) {
            (Some(issuer), None) => Ok(issuer.named()),
            _ => Err(missing()),
        }
    }

    fn remember(&self, config: &IssuerConfig) -> Result<Arc<IssuerKeys>, Error> {
        let url = &config.issuer_url;
        let now = Instant::now();
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = remembered.find(url, now) {
            return Ok(keys);
        }
        let keys = Arc::new(keys(config, Reach::Public)?);
        if remembered.insert(url, keys.clone(), now) {
            return Ok(keys);
        }
        Err(Error::IssuerPending {
            issuer: url.clone(),
            reason: "too many unknown issuers are being asked",
        })
    }
}

fn rules(config: &IssuerConfig, place: Place<'_>, is_open: bool) -> Result<Arc<Rules>, Error> {
    let compiled = admission::compile(config, place, is_open);
    let invalid = |fault| Error::ConfigInvalid {
        issuer: config.issuer_url.clone(),
        fault: ConfigFault::Rule(fault),
    };
    compiled.map(Arc::new).map_err(invalid)
}

impl Exact {
    fn named(&self) -> Named {
        Named {
            profiles: self.profiles.clone(),
            keys: self.keys.clone(),
            rules: self.rules.clone(),
            lane: Lane::Known,
        }
    }
}

fn keys(config: &IssuerConfig, reach: Reach) -> Result<IssuerKeys, Error> {
    let source = KeySource::new(config, reach);
    let longest_age = config.max_key_age.unwrap_or(LONGEST_AGE).duration();
    IssuerKeys::new(source, longest_age).map_err(|fault| Error::ConfigInvalid {
        issuer: config.issuer_url.clone(),
        fault,
    })
}

fn describe(location: IssuerLocation, issuer: &IssuerConfig) -> ConfiguredIssuer {
    ConfiguredIssuer {
        location,
        audience: issuer.client_id.clone(),
        challenge_claim: issuer.challenge_claim().to_owned(),
        spiffe_trust_domain: issuer.spiffe_trust_domain.clone(),
        kind: issuer.kind,
        subject_domain: issuer.subject_domain.clone(),
        skip_email_verification: issuer.skip_email_verification,
    }
}

/// How long keys are used while the issuer cannot be reached. Longer, and a key that the issuer took
/// back stays good for whoever can cut the two off from each other.
const LONGEST_AGE: Period = Period::from_hours(24);
/// How long tokens may last. Those of CI systems and people end within hours.
const LONGEST_TOKEN: Period = Period::from_hours(24);
const SPIFFE: &str = "spiffe://";

#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod tests;
