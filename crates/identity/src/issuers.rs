use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use sigstead_kit::Period;
use time::OffsetDateTime;

use crate::claims::beginning;
use crate::config::{IssuerConfig, IssuerType, IssuersConfig};
use crate::error::Error;
use crate::examination::{Check, Examination, admit, facts, outcomes};
use crate::fetch::Fetch;
use crate::home_cluster::HomeCluster;
use crate::issuer_set::{IssuerSet, Named};
use crate::issuer_state::{IssuerLocation, IssuerState};
use crate::principal::Principal;
use crate::profile;
use crate::remembered::Remembered;
use crate::single_use::SingleUse;
use crate::tally::{Counts, Tally, outcome};
use crate::token::IdToken;
use crate::token_rules;

/// The trusted issuers, with their keys as far as they were needed.
pub struct Issuers {
    /// Written by [`Issuers::replace`]. A token is judged by one set from its first check to its last.
    set: ArcSwap<IssuerSet>,
    /// Written by every token of an issuer that a pattern matches.
    remembered: Mutex<Remembered>,
    /// What became of tokens that name no issuer of the file.
    unknown: Tally,
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
    /// [`Error::CiProviderInvalid`] and [`Error::ConfigInvalid`], if the file cannot be used.
    pub fn new(config: IssuersConfig, fetch: Arc<dyn Fetch>) -> Result<Self, Error> {
        Self::open(config, fetch, None)
    }

    /// As [`Issuers::new`], for a service that runs in a Kubernetes cluster, if it does. Keys of that cluster are
    /// asked for with the credential of the service's pod.
    ///
    /// # Errors
    /// As [`Issuers::new`].
    pub fn open(
        config: IssuersConfig,
        fetch: Arc<dyn Fetch>,
        home: Option<HomeCluster>,
    ) -> Result<Self, Error> {
        let set = IssuerSet::new(config, fetch, home, None)?;
        Ok(Self {
            set: ArcSwap::from_pointee(set),
            remembered: Mutex::default(),
            unknown: Tally::default(),
        })
    }

    /// Takes the issuers of another reading of the file in place of those before, all at once. Issuers whose keys
    /// are to be had at the same place keep them.
    ///
    /// # Errors
    /// As [`Issuers::new`]; those before stay then.
    pub fn replace(&self, config: IssuersConfig, fetch: Arc<dyn Fetch>) -> Result<(), Error> {
        let before = self.set.load_full();
        let home = before.fetching.home.clone();
        let set = IssuerSet::new(config, fetch, home, Some(&before))?;
        // A name that no pattern matches any more is nobody's, and would be kept for as long as there is room.
        self.remembered().retain(|url| set.has_pattern_of(url));
        self.set.store(Arc::new(set));
        Ok(())
    }

    /// Verifies a token and says who presented it.
    ///
    /// # Errors
    /// The token is not acceptable, or [`Error::IssuerUnavailable`], [`Error::IssuerDocument`] and
    /// [`Error::IssuerPending`] if its issuer is at fault.
    pub async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Principal, Error> {
        let (set, mut examination) = (self.set.load_full(), Examination::default());
        let found = self.find(&set, token, &mut examination);
        let (token, named) = found.inspect_err(|error| {
            self.unknown.judged(outcome(&Err::<(), _>(error.clone())));
        })?;
        let verdict = judge(&set, &token, &named, now, &mut examination).await;
        named.tally.judged(outcome(&verdict));
        verdict
    }

    /// Verifies a token, and has further rules judge it: those of a party that lets its bearer act for it. Also says until
    /// when the token lasts.
    ///
    /// # Errors
    /// As [`Issuers::verify`], and [`Error::NotAllowed`] if the further rules do not let the bearer.
    pub async fn verify_for(
        &self,
        token: &str,
        now: OffsetDateTime,
        further: &sigstead_rules::Rules,
    ) -> Result<(Principal, OffsetDateTime), Error> {
        let (set, mut examination) = (self.set.load_full(), Examination::default());
        let found = self.find(&set, token, &mut examination);
        let (token, named) = found.inspect_err(|error| {
            self.unknown.judged(outcome(&Err::<(), _>(error.clone())));
        })?;
        let mut verdict = judge(&set, &token, &named, now, &mut examination).await;
        let issuer = profile::of(&named.profiles, &token.claims);
        if let (Ok(principal), Ok(issuer)) = (&verdict, &issuer)
            && let Err(error) = admit(further, &facts(&token.claims, principal, issuer))
        {
            verdict = Err(error);
        }
        named.tally.judged(outcome(&verdict));
        let principal = verdict?;
        let until = token_rules::check_times(&token.claims, longest(issuer?), now)?;
        Ok((principal, until))
    }

    /// Says of a token how far it comes and what its issuer's rules say of it, and why it comes no further. It is not
    /// counted among the tokens that callers bring.
    pub async fn explain(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> (Examination, Result<Principal, Error>) {
        let mut examination = Examination::default();
        let set = self.set.load_full();
        let (token, named) = match self.find(&set, token, &mut examination) {
            Ok(found) => found,
            Err(error) => return (examination, Err(error)),
        };
        let verdict = judge(&set, &token, &named, now, &mut examination).await;
        if let Some(principal) = &examination.principal
            && let Ok(issuer) = profile::of(&named.profiles, &token.claims)
        {
            let facts = facts(&token.claims, principal, issuer);
            examination.rules = outcomes(&named.rules, &facts);
        }
        (examination, verdict)
    }

    /// The token, taken apart, and the issuer that it names.
    fn find<'a>(
        &self,
        set: &IssuerSet,
        token: &'a str,
        examination: &mut Examination,
    ) -> Result<(IdToken<'a>, Named), Error> {
        let token = IdToken::parse(token)?;
        examination.passed.push(Check::Format);
        // Not believed: it only says whose keys to try, and the keys then decide.
        let issuer_url = token.claims.optional_text("iss").unwrap_or_default();
        examination.issuer = issuer_url.map(beginning);
        let named = set.named(&token.claims, &self.remembered)?;
        examination.passed.push(Check::Issuer);
        Ok((token, named))
    }

    /// What clients may know about the issuers.
    #[must_use]
    pub fn configured(&self) -> Vec<ConfiguredIssuer> {
        let mut configured = Vec::new();
        for (location, profiles) in self.set.load().entries() {
            let profiles = profiles.iter();
            configured.extend(profiles.map(|profile| describe(location.clone(), profile)));
        }
        configured
    }

    /// Starts the fetches that are due, and waits for none. Who calls it every second keeps the keys
    /// at hand, so that neither the first token nor the first after a rotation waits for them.
    pub fn refresh(&self) {
        self.set.load().refresh();
    }

    /// How each entry of the file does.
    #[must_use]
    pub fn states(&self) -> Vec<IssuerState> {
        self.set.load().states(&self.remembered())
    }

    /// What became of tokens that name no issuer of the file.
    #[must_use]
    pub fn unknown(&self) -> Counts {
        self.unknown.counts()
    }

    /// No code that panics runs under this lock.
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn judge(
    set: &IssuerSet,
    token: &IdToken<'_>,
    named: &Named,
    now: OffsetDateTime,
    examination: &mut Examination,
) -> Result<Principal, Error> {
    let issuer = profile::of(&named.profiles, &token.claims)?;
    // Before the signature, because they cost nothing and a stale token causes no fetch.
    token_rules::check_audience(&token.claims, issuer)?;
    examination.passed.push(Check::Audience);
    let until = token_rules::check_times(&token.claims, longest(issuer), now)?;
    examination.passed.push(Check::Time);
    named.keys.verify(&set.fetching, &named.lane, token).await?;
    examination.passed.push(Check::Signature);
    let principal = Principal::from_claims(&token.claims, issuer, &set.ci_providers)?
        .with_extensions(named.extensions.of(&token.claims)?)?;
    examination.passed.push(Check::Identity);
    examination.principal = Some(principal.clone());
    let facts = facts(&token.claims, &principal, issuer);
    let rule = admit(&named.rules, &facts)?;
    examination.passed.push(Check::Rules);
    let single_use = issuer
        .single_use
        .then(|| SingleUse::of(token.signing_input, until));
    Ok(principal.allowed_by(rule).for_single_use(single_use))
}

fn longest(issuer: &IssuerConfig) -> time::Duration {
    issuer.max_token_life.unwrap_or(LONGEST_TOKEN).time()
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

/// How long tokens may last. Those of CI systems and people end within hours.
const LONGEST_TOKEN: Period = Period::from_hours(24);

#[cfg(test)]
mod entry_tests;
#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod tests;
