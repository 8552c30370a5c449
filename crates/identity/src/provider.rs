use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::address::Reach;
use crate::fetch::Fetch;
use crate::key_set::KeySet;
use crate::key_source::KeySource;
use crate::token::IdToken;
use crate::{Error, IssuerConfig};

/// One issuer with its keys, fetched when a token first needs them and kept.
pub(crate) struct Provider {
    config: IssuerConfig,
    source: KeySource,
    cached: Mutex<Option<Cached>>,
    /// Held while fetching, so that many tokens cause one fetch.
    attempt: tokio::sync::Mutex<()>,
    last_attempt: Mutex<Option<(OffsetDateTime, Option<Error>)>>,
}

#[derive(Clone)]
struct Cached {
    keys: Arc<KeySet>,
    fetched_at: OffsetDateTime,
}

impl Provider {
    /// An issuer. `reach` says which addresses it may have.
    pub(crate) fn new(config: IssuerConfig, reach: Reach) -> Self {
        Self {
            source: KeySource::new(&config, reach),
            config,
            cached: Mutex::new(None),
            attempt: tokio::sync::Mutex::new(()),
            last_attempt: Mutex::new(None),
        }
    }

    pub(crate) fn config(&self) -> &IssuerConfig {
        &self.config
    }

    /// Verifies a token's signature. A token whose key is not known may be the first one after a
    /// rotation, so the keys are then fetched anew, though not at every token's pleasure.
    pub(crate) async fn verify(
        &self,
        fetch: &dyn Fetch,
        token: &IdToken<'_>,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let cached = self.keys(fetch, now).await?;
        let refused = match cached.keys.verify(token) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        let may_be_rotated = matches!(refused, Error::KeyUnknown) || token.key_id.is_none();
        if !may_be_rotated {
            return Err(refused);
        }
        match self.refresh(fetch, Some(cached.fetched_at), now).await {
            Ok(newer) if newer.fetched_at != cached.fetched_at => newer.keys.verify(token),
            _ => Err(refused),
        }
    }

    /// Fetches the keys if they are missing or old.
    pub(crate) async fn warm(&self, fetch: &dyn Fetch, now: OffsetDateTime) -> Result<(), Error> {
        self.keys(fetch, now).await.map(|_| ())
    }

    /// Why the last attempt failed, if there are no keys.
    pub(crate) fn failure(&self) -> Option<Error> {
        if lock(&self.cached).is_some() {
            return None;
        }
        lock(&self.last_attempt)
            .as_ref()
            .and_then(|(_, failure)| failure.clone())
    }

    pub(crate) fn has_keys(&self) -> bool {
        lock(&self.cached).is_some()
    }

    async fn keys(&self, fetch: &dyn Fetch, now: OffsetDateTime) -> Result<Cached, Error> {
        let cached = lock(&self.cached).clone();
        let Some(cached) = cached else {
            return self.refresh(fetch, None, now).await;
        };
        let age = now - cached.fetched_at;
        if age < FRESH {
            return Ok(cached);
        }
        match self.refresh(fetch, Some(cached.fetched_at), now).await {
            // An issuer that is down for a while does not stop signing; one that took a key back
            // long ago does.
            Err(_) if age < USABLE => Ok(cached),
            outcome => outcome,
        }
    }

    /// Fetches keys that are newer than `seen`, unless somebody just did or just failed to.
    async fn refresh(
        &self,
        fetch: &dyn Fetch,
        seen: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<Cached, Error> {
        let _one_at_a_time = self.attempt.lock().await;
        let cached = lock(&self.cached).clone();
        if let Some(cached) = cached
            .clone()
            .filter(|cached| Some(cached.fetched_at) != seen)
        {
            return Ok(cached);
        }
        let last_attempt = lock(&self.last_attempt).clone();
        let interval = if cached.is_some() {
            RETRY_INTERVAL
        } else {
            FIRST_RETRY_INTERVAL
        };
        let fails_again = matches!(last_attempt, Some((_, Some(_))));
        let recent = last_attempt.filter(|(at, _)| (now - *at).abs() < interval);
        match (recent, cached) {
            (Some((_, Some(failure))), _) => return Err(failure),
            (Some((_, None)), Some(cached)) => return Ok(cached),
            _ => {}
        }
        let outcome = self.source.fetch(fetch).await.map(|keys| Cached {
            keys: Arc::new(keys),
            fetched_at: now,
        });
        *lock(&self.last_attempt) = Some((now, outcome.as_ref().err().cloned()));
        match &outcome {
            Ok(cached) => *lock(&self.cached) = Some(cached.clone()),
            // Said once: an issuer that is down stays down for many attempts.
            Err(_) if fails_again => {}
            Err(error) => {
                let cause = std::error::Error::source(error).map(tracing::field::display);
                tracing::warn!(
                    issuer = self.source.issuer(),
                    cause,
                    "cannot get the keys of an issuer: {error}"
                );
            }
        }
        outcome
    }
}

/// No code that panics runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long keys are used without a look at the issuer.
const FRESH: Duration = Duration::minutes(15);
/// How long keys are used while the issuer cannot be reached. Longer, and a key that the issuer took
/// back stays good for whoever can cut the two off from each other.
const USABLE: Duration = Duration::hours(6);
/// How soon the issuer is asked again. Shorter, and anybody who can make up tokens can make this
/// service pester the issuer.
const RETRY_INTERVAL: Duration = Duration::seconds(10);
/// The same while no keys were ever seen: services start in any order, and the first token shall not wait for long.
const FIRST_RETRY_INTERVAL: Duration = Duration::milliseconds(200);
