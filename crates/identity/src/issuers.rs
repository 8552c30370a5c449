use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tokio::task::JoinSet;

use crate::address::Reach;
use crate::ci_provider::CiProviders;
use crate::fetch::Fetch;
use crate::provider::Provider;
use crate::token::IdToken;
use crate::{Error, IssuerConfig, IssuerType, IssuersConfig, Principal, pattern};

/// The trusted issuers, with their keys as far as they were needed.
pub struct Issuers {
    fixed: BTreeMap<String, Arc<Provider>>,
    meta: BTreeMap<String, IssuerConfig>,
    ci_providers: CiProviders,
    matched: Mutex<Matched>,
    fetch: Arc<dyn Fetch>,
}

/// Issuers that a pattern stands for, most of them made up by strangers, so their number is bounded.
#[derive(Default)]
struct Matched {
    providers: HashMap<String, (Arc<Provider>, u64)>,
    uses: u64,
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

/// Where an issuer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerLocation {
    /// At this URL.
    Url(String),
    /// At every URL that matches this pattern.
    Wildcard(String),
}

impl Issuers {
    /// Takes the issuers of a file. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`Error::CiProviderInvalid`], unless the file was checked.
    pub fn new(config: IssuersConfig, fetch: Arc<dyn Fetch>) -> Result<Self, Error> {
        let ci_providers = CiProviders::new(&config.ci_issuer_metadata)?;
        let provider = |(url, mut issuer): (String, IssuerConfig)| {
            issuer.issuer_url.clone_from(&url);
            (url, Arc::new(Provider::new(issuer, Reach::Anywhere)))
        };
        Ok(Self {
            fixed: config.issuers.into_iter().map(provider).collect(),
            meta: config.meta_issuers,
            ci_providers,
            matched: Mutex::default(),
            fetch,
        })
    }

    /// Verifies a token and says who presented it.
    ///
    /// # Errors
    /// The token is not acceptable, or [`Error::IssuerUnavailable`] and [`Error::IssuerDocument`] if
    /// its issuer is at fault.
    pub async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Principal, Error> {
        let token = IdToken::parse(token)?;
        // Not believed: it only says whose keys to try, and the keys then decide.
        let provider = self.provider(token.claims.text("iss")?)?;
        let issuer = provider.config();
        // Before the signature, because they cost nothing and a stale token causes no fetch.
        token.claims.check_audience(&issuer.client_id)?;
        token.claims.check_times(now)?;
        provider.verify(&*self.fetch, &token, now).await?;
        Principal::from_claims(&token.claims, issuer, &self.ci_providers)
    }

    /// What clients may know about the issuers.
    #[must_use]
    pub fn configured(&self) -> Vec<ConfiguredIssuer> {
        let fixed = self
            .fixed
            .iter()
            .map(|(url, provider)| describe(IssuerLocation::Url(url.clone()), provider.config()));
        let meta = self
            .meta
            .iter()
            .map(|(pattern, issuer)| describe(IssuerLocation::Wildcard(pattern.clone()), issuer));
        fixed.chain(meta).collect()
    }

    /// Fetches the keys that are missing or old, so that the first token need not wait for them.
    pub async fn warm(&self, now: OffsetDateTime) {
        let mut fetches = JoinSet::new();
        for provider in self.fixed.values() {
            let (provider, fetch) = (provider.clone(), self.fetch.clone());
            // The provider keeps and logs a failure.
            fetches.spawn(async move { provider.warm(&*fetch, now).await });
        }
        while fetches.join_next().await.is_some() {}
    }

    /// Whether tokens of at least one issuer can be verified. Asks what is known, fetches nothing.
    ///
    /// # Errors
    /// Why the first issuer without keys has none; none was tried before [`Issuers::warm`].
    pub fn check_reachable(&self) -> Result<(), Option<Error>> {
        let mut providers = self.fixed.values();
        if self.fixed.is_empty() || self.fixed.values().any(|provider| provider.has_keys()) {
            return Ok(());
        }
        Err(providers.find_map(|provider| provider.failure()))
    }

    fn provider(&self, issuer_url: &str) -> Result<Arc<Provider>, Error> {
        if let Some(provider) = self.fixed.get(issuer_url) {
            return Ok(provider.clone());
        }
        let unknown = || Error::IssuerUnknown {
            issuer: issuer_url.to_owned(),
        };
        let meta = pattern::closest(&self.meta, issuer_url).ok_or_else(unknown)?;
        let mut matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(provider) = matched.find(issuer_url) {
            return Ok(provider);
        }
        let issuer = meta.concrete(issuer_url);
        issuer.validate_at(issuer_url).map_err(|_| unknown())?;
        let provider = Arc::new(Provider::new(issuer, Reach::Public));
        matched.insert(issuer_url, provider.clone());
        Ok(provider)
    }
}

impl Matched {
    fn find(&mut self, issuer_url: &str) -> Option<Arc<Provider>> {
        let (provider, used) = self.providers.get_mut(issuer_url)?;
        self.uses += 1;
        *used = self.uses;
        Some(provider.clone())
    }

    fn insert(&mut self, issuer_url: &str, provider: Arc<Provider>) {
        if self.providers.len() >= MAX_MATCHED {
            // Without keys first: they are the made-up ones.
            let least = self
                .providers
                .iter()
                .min_by_key(|(_, (provider, used))| (provider.has_keys(), *used));
            if let Some(url) = least.map(|(url, _)| url.clone()) {
                self.providers.remove(&url);
            }
        }
        self.uses += 1;
        self.providers
            .insert(issuer_url.to_owned(), (provider, self.uses));
    }
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

/// How many issuers of patterns are remembered.
const MAX_MATCHED: usize = 100;

#[cfg(test)]
mod tests;
