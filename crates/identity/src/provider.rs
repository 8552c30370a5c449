use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::fetch::Fetch;
use crate::key_set::KeySet;
use crate::token::IdToken;
use crate::{Error, IssuerConfig};

/// One issuer with its keys, fetched when a token first needs them and kept.
pub(crate) struct Provider {
    config: IssuerConfig,
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

/// OpenID Connect Discovery 1.0 §3, as far as it is used.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
}

impl Provider {
    pub(crate) fn new(config: IssuerConfig) -> Self {
        Self {
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
        let outcome = self.fetch_keys(fetch).await.map(|keys| Cached {
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
                    issuer = self.config.issuer_url,
                    cause,
                    "cannot get the keys of an issuer: {error}"
                );
            }
        }
        outcome
    }

    /// OpenID Connect Discovery 1.0 §4, then the key set that it names.
    async fn fetch_keys(&self, fetch: &dyn Fetch) -> Result<KeySet, Error> {
        let issuer = &self.config.issuer_url;
        let unavailable = |source| Error::IssuerUnavailable {
            issuer: issuer.clone(),
            source,
        };
        let unusable = |document, reason| Error::IssuerDocument {
            issuer: issuer.clone(),
            document,
            reason,
        };
        let location = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let location =
            Url::parse(&location).map_err(|_| unusable(DISCOVERY, "its url is malformed"))?;
        let document = fetch
            .fetch(&location, &self.config.ca_cert)
            .await
            .map_err(unavailable)?;
        let discovery: Discovery = serde_json::from_slice(&document).map_err(|_| {
            unusable(
                DISCOVERY,
                "it is not a json object with issuer and jwks_uri",
            )
        })?;
        // §4.3: byte for byte, or one issuer could speak for another.
        if discovery.issuer != *issuer {
            return Err(unusable(DISCOVERY, "it is of another issuer"));
        }
        let key_location = Url::parse(&discovery.jwks_uri)
            .ok()
            .filter(|url| url.scheme() == "https" || url.scheme() == location.scheme())
            .ok_or_else(|| unusable(DISCOVERY, "jwks_uri is not a url as safe as the issuer's"))?;
        let document = fetch
            .fetch(&key_location, &self.config.ca_cert)
            .await
            .map_err(unavailable)?;
        let supported = match discovery.id_token_signing_alg_values_supported {
            none if none.is_empty() => vec![DEFAULT_ALGORITHM.to_owned()],
            listed => listed,
        };
        KeySet::parse(&document, &supported).map_err(|reason| unusable(KEY_SET, reason))
    }
}

/// No code that panics runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const DISCOVERY: &str = "discovery document";
const KEY_SET: &str = "key set";

/// OpenID Connect Discovery 1.0 §3: the one algorithm that every issuer supports.
const DEFAULT_ALGORITHM: &str = "RS256";

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
