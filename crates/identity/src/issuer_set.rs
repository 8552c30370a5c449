//! The issuers of one reading of the file. It never changes: another reading makes another set.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sigstead_kit::Period;
use sigstead_rules::Rules;
use tokio::time::Instant;

use crate::address::Reach;
use crate::admission::{self, Place};
use crate::ci_provider::CiProviders;
use crate::claims::{Claims, beginning};
use crate::config::{IssuerConfig, IssuersConfig};
use crate::error::{ConfigFault, Error};
use crate::fetch::Fetch;
use crate::fetch_limit::{FetchLimit, Fetching, Lane, PatternLimit};
use crate::home_cluster::HomeCluster;
use crate::issuer_keys::IssuerKeys;
use crate::issuer_state::{IssuerLocation, IssuerState};
use crate::key_source::KeySource;
use crate::own_extension::OwnExtensions;
use crate::pattern;
use crate::remembered::Remembered;
use crate::tally::Tally;
use crate::trust_domain;

/// The issuers of a file.
pub(crate) struct IssuerSet {
    exact: BTreeMap<String, Exact>,
    patterns: BTreeMap<String, Pattern>,
    pub(crate) ci_providers: CiProviders,
    pub(crate) fetching: Arc<Fetching>,
}

/// An issuer whose URL is in the file.
struct Exact {
    profiles: Arc<[IssuerConfig]>,
    keys: Arc<IssuerKeys>,
    rules: Arc<Rules>,
    extensions: Arc<OwnExtensions>,
    tally: Arc<Tally>,
}

/// Issuers for whose URLs a pattern is in the file.
struct Pattern {
    config: IssuerConfig,
    limit: PatternLimit,
    rules: Arc<Rules>,
    extensions: Arc<OwnExtensions>,
    tally: Arc<Tally>,
}

/// The issuer that a token names.
pub(crate) struct Named {
    pub(crate) profiles: Arc<[IssuerConfig]>,
    pub(crate) keys: Arc<IssuerKeys>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) extensions: Arc<OwnExtensions>,
    pub(crate) lane: Lane,
    pub(crate) tally: Arc<Tally>,
}

impl IssuerSet {
    /// The issuers of a file. Those that `before` has keys of from the same place keep them.
    pub(crate) fn new(
        config: IssuersConfig,
        fetch: Arc<dyn Fetch>,
        home: Option<HomeCluster>,
        before: Option<&Self>,
    ) -> Result<Self, Error> {
        let ci_providers = CiProviders::new(&config.ci_issuer_metadata)?;
        let is_open = config.fulcio_compatible;
        let arc = config.extension_arc;
        let mut exact = BTreeMap::new();
        for (url, mut config) in config.issuers {
            config.issuer_url.clone_from(&url);
            let rules = rules(&config, Place::Url(&url), is_open)?;
            let before = before.and_then(|before| before.exact.get(&url));
            let extensions = own_extensions(&config, &arc)?;
            exact.insert(url, Exact::new(&config, rules, extensions, before)?);
        }
        let mut patterns = BTreeMap::new();
        for (pattern, config) in config.meta_issuers {
            let before = before.and_then(|before| before.patterns.get(&pattern));
            let issuer = Pattern {
                rules: rules(&config, Place::Pattern, is_open)?,
                extensions: own_extensions(&config, &arc)?,
                config,
                limit: PatternLimit::new(),
                tally: before
                    .map(|before| before.tally.clone())
                    .unwrap_or_default(),
            };
            patterns.insert(pattern, issuer);
        }
        Ok(Self {
            exact,
            patterns,
            ci_providers,
            fetching: Arc::new(Fetching {
                fetch,
                limit: FetchLimit::new(),
                home,
            }),
        })
    }

    /// Starts the fetches that are due.
    pub(crate) fn refresh(&self) {
        for issuer in self.exact.values() {
            issuer.keys.refresh(&self.fetching, &Lane::Known);
        }
    }

    /// Whether the URL is one of those that a pattern matches.
    pub(crate) fn has_pattern_of(&self, url: &str) -> bool {
        !self.exact.contains_key(url) && pattern::closest_entry(&self.patterns, url).is_some()
    }

    /// Each entry of the file with what it says of each kind of subject.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (IssuerLocation, Arc<[IssuerConfig]>)> {
        let exact = self
            .exact
            .iter()
            .map(|(url, issuer)| (IssuerLocation::Url(url.clone()), issuer.profiles.clone()));
        let patterns = self.patterns.iter().map(|(pattern, issuer)| {
            let location = IssuerLocation::Wildcard(pattern.clone());
            (location, issuer.config.profiles().into())
        });
        exact.chain(patterns)
    }

    /// How each entry of the file does.
    pub(crate) fn states(&self, remembered: &Remembered) -> Vec<IssuerState> {
        let mut of_pattern: BTreeMap<&str, usize> = BTreeMap::new();
        for url in remembered.urls() {
            if let Some((pattern, _)) = pattern::closest_entry(&self.patterns, url) {
                *of_pattern.entry(pattern).or_default() += 1;
            }
        }
        let exact = self.exact.iter().map(|(url, issuer)| IssuerState {
            location: IssuerLocation::Url(url.clone()),
            keys: Some(issuer.keys.state()),
            remembered: 0,
            counts: issuer.tally.counts(),
        });
        let patterns = self.patterns.iter().map(|(pattern, issuer)| IssuerState {
            location: IssuerLocation::Wildcard(pattern.clone()),
            keys: None,
            remembered: of_pattern
                .get(pattern.as_str())
                .copied()
                .unwrap_or_default(),
            counts: issuer.tally.counts(),
        });
        exact.chain(patterns).collect()
    }

    /// The issuer that a token names. Nothing in the token is believed yet.
    pub(crate) fn named(
        &self,
        claims: &Claims,
        remembered: &Mutex<Remembered>,
    ) -> Result<Named, Error> {
        if claims.value("iss").is_none() {
            let exact = self.exact.values();
            let profiles =
                exact.flat_map(|exact| exact.profiles.iter().map(move |own| (own, exact)));
            return trust_domain::issuer_of(claims, profiles).map(Exact::named);
        }
        let issuer_url = claims.text("iss")?;
        let unknown = || Error::IssuerUnknown {
            issuer: beginning(issuer_url),
        };
        if issuer_url.len() > LONGEST_URL {
            return Err(unknown());
        }
        if let Some(issuer) = self.exact.get(issuer_url) {
            return Ok(issuer.named());
        }
        let (_, pattern) =
            pattern::closest_entry(&self.patterns, issuer_url).ok_or_else(unknown)?;
        let config = pattern.config.concrete(issuer_url);
        config.validate_at(issuer_url).map_err(|_| unknown())?;
        let keys = pattern.remember(&config, remembered)?;
        let lane = if keys.is_proven() {
            Lane::Proven(pattern.limit.clone())
        } else {
            Lane::Strange(pattern.limit.clone())
        };
        Ok(Named {
            profiles: config.profiles().into(),
            keys,
            rules: pattern.rules.clone(),
            extensions: pattern.extensions.clone(),
            lane,
            tally: pattern.tally.clone(),
        })
    }
}

impl Exact {
    fn new(
        config: &IssuerConfig,
        rules: Arc<Rules>,
        extensions: Arc<OwnExtensions>,
        before: Option<&Self>,
    ) -> Result<Self, Error> {
        let tally = before
            .map(|before| before.tally.clone())
            .unwrap_or_default();
        let mut keys = keys(config, Reach::Anywhere, tally.clone())?;
        if let Some(before) = before {
            keys.take_over(&before.keys);
        }
        Ok(Self {
            profiles: config.profiles().into(),
            keys: Arc::new(keys),
            rules,
            extensions,
            tally,
        })
    }

    fn named(&self) -> Named {
        Named {
            profiles: self.profiles.clone(),
            keys: self.keys.clone(),
            rules: self.rules.clone(),
            extensions: self.extensions.clone(),
            lane: Lane::Known,
            tally: self.tally.clone(),
        }
    }
}

impl Pattern {
    /// The keys of an issuer of the pattern, those that are remembered if they are of the same place.
    fn remember(
        &self,
        config: &IssuerConfig,
        remembered: &Mutex<Remembered>,
    ) -> Result<Arc<IssuerKeys>, Error> {
        let url = &config.issuer_url;
        let now = Instant::now();
        let new = Arc::new(keys(config, Reach::Public, self.tally.clone())?);
        let mut remembered = remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = remembered.find(url, now) {
            if keys.is_as(&new) {
                return Ok(keys);
            }
            remembered.forget(url);
        }
        if remembered.insert(url, new.clone(), now) {
            return Ok(new);
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

fn own_extensions(config: &IssuerConfig, arc: &str) -> Result<Arc<OwnExtensions>, Error> {
    let invalid = |fault| Error::ConfigInvalid {
        issuer: config.issuer_url.clone(),
        fault,
    };
    let extensions = OwnExtensions::new(arc, &config.extensions);
    extensions.map(Arc::new).map_err(invalid)
}

fn keys(config: &IssuerConfig, reach: Reach, tally: Arc<Tally>) -> Result<IssuerKeys, Error> {
    let source = KeySource::new(config, reach);
    let longest_age = config.max_key_age.unwrap_or(LONGEST_AGE).duration();
    IssuerKeys::new(source, longest_age, tally).map_err(|fault| Error::ConfigInvalid {
        issuer: config.issuer_url.clone(),
        fault,
    })
}

/// How long keys are used while the issuer cannot be reached. Longer, and a key that the issuer took
/// back stays good for who can cut the two off from each other.
const LONGEST_AGE: Period = Period::from_hours(24);
/// How long the URL of an issuer may be, which is remembered, fetched from and written into certificates.
const LONGEST_URL: usize = 2048;
