//! The issuers that patterns stand for, as far as tokens named them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::issuer_keys::IssuerKeys;

/// Issuers by their URL. Most names in tokens are made up by strangers, so the two kinds are kept
/// apart: names without keys never push out an issuer that had some.
#[derive(Default)]
pub(crate) struct Remembered {
    /// Those that had keys, with the number of their last use.
    proven: HashMap<String, (Arc<IssuerKeys>, u64)>,
    /// The others, with the time of their first use.
    unproven: HashMap<String, (Arc<IssuerKeys>, Instant)>,
    uses: u64,
}

impl Remembered {
    /// The keys of an issuer, unless it is not remembered or its failure is to be forgotten.
    pub(crate) fn find(&mut self, url: &str, now: Instant) -> Option<Arc<IssuerKeys>> {
        self.uses += 1;
        if let Some((keys, used)) = self.proven.get_mut(url) {
            *used = self.uses;
            return Some(keys.clone());
        }
        let (keys, since) = self.unproven.get(url)?;
        let keys = keys.clone();
        if keys.is_proven() {
            self.prove(url);
        } else if !keys.is_fetching() && now >= *since + FAILURE_LIFE {
            self.unproven.remove(url);
            return None;
        }
        Some(keys)
    }

    /// Remembers an issuer that has no keys yet. False if there is no room, because the keys of as
    /// many others are being fetched.
    pub(crate) fn insert(&mut self, url: &str, keys: Arc<IssuerKeys>, now: Instant) -> bool {
        if self.unproven.len() >= MOST_UNPROVEN && !self.make_room() {
            return false;
        }
        self.unproven.insert(url.to_owned(), (keys, now));
        true
    }

    /// Forgets an issuer.
    pub(crate) fn forget(&mut self, url: &str) {
        self.proven.remove(url);
        self.unproven.remove(url);
    }

    /// Forgets the issuers that are not to be kept.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.proven.retain(|url, _| is_kept(url));
        self.unproven.retain(|url, _| is_kept(url));
    }

    /// The URLs of all of them.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.proven
            .keys()
            .chain(self.unproven.keys())
            .map(String::as_str)
    }

    fn make_room(&mut self) -> bool {
        let found: Vec<String> = self
            .unproven
            .iter()
            .filter(|(_, (keys, _))| keys.is_proven())
            .map(|(url, _)| url.clone())
            .collect();
        for url in found {
            self.prove(&url);
        }
        if self.unproven.len() < MOST_UNPROVEN {
            return true;
        }
        // The name of an issuer whose answer is on its way is not made up, as far as anybody knows.
        let oldest = self
            .unproven
            .iter()
            .filter(|(_, (keys, _))| !keys.is_fetching())
            .min_by_key(|(_, (_, since))| *since)
            .map(|(url, _)| url.clone());
        oldest.is_some_and(|url| self.unproven.remove(&url).is_some())
    }

    fn prove(&mut self, url: &str) {
        let Some((keys, _)) = self.unproven.remove(url) else {
            return;
        };
        if self.proven.len() >= MOST_PROVEN {
            let least = self.proven.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(url) = least.map(|(url, _)| url.clone()) {
                self.proven.remove(&url);
            }
        }
        self.proven.insert(url.to_owned(), (keys, self.uses));
    }
}

const MOST_PROVEN: usize = 1_000;
/// Room for the queues of eight patterns.
const MOST_UNPROVEN: usize = 256;
/// How long the failure of a name counts.
const FAILURE_LIFE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::address::Reach;
    use crate::config::{IssuerConfig, IssuerType};
    use crate::fetch_limit::{FetchLimit, Fetching, Lane};
    use crate::key_source::KeySource;
    use crate::testing::{MemoryFetch, TestKey};

    fn keys(url: &str) -> Arc<IssuerKeys> {
        let config = IssuerConfig::new(url, "sigstore", IssuerType::Email);
        let source = KeySource::new(&config, Reach::Public);
        Arc::new(IssuerKeys::new(source, Duration::from_secs(3_600), Arc::default()).unwrap())
    }

    fn fetching(fetch: &Arc<MemoryFetch>) -> Arc<Fetching> {
        Arc::new(Fetching {
            fetch: fetch.clone(),
            limit: FetchLimit::new(),
            home: None,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn of_issuers_with_keys_the_one_that_was_not_used_for_longest_goes() {
        let key = TestKey::p256();
        let fetch = Arc::new(MemoryFetch::default());
        let fetching = fetching(&fetch);
        let mut remembered = Remembered::default();
        let url = |number: usize| format!("https://i{number}.example");
        for number in 0..=MOST_PROVEN {
            let (url, now) = (url(number), Instant::now());
            fetch.serve_issuer(&url, &[key.jwk("k")]);
            let keys = keys(&url);
            assert!(remembered.insert(&url, keys.clone(), now));
            keys.refresh(&fetching, &Lane::Known);
            fetch.ended(2 * (number + 1)).await;
            assert!(remembered.find(&url, now).is_some());
            assert!(remembered.find("https://i0.example", now).is_some());
        }
        assert_eq!(remembered.urls().count(), MOST_PROVEN);
        let now = Instant::now();
        assert!(remembered.find(&url(0), now).is_some());
        assert!(remembered.find(&url(1), now).is_none());
        assert!(remembered.find(&url(2), now).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuer_that_is_being_asked_is_pushed_out_by_none() {
        let fetch = Arc::new(MemoryFetch::default());
        fetch.hang();
        let fetching = fetching(&fetch);
        let mut remembered = Remembered::default();
        let real = keys("https://real.example");
        assert!(remembered.insert("https://real.example", real.clone(), Instant::now()));
        real.refresh(&fetching, &Lane::Known);
        for number in 0..MOST_UNPROVEN * 2 {
            advance(Duration::from_millis(1)).await;
            let url = format!("https://i{number}.example");
            assert!(remembered.insert(&url, keys(&url), Instant::now()));
        }
        assert_eq!(remembered.urls().count(), MOST_UNPROVEN);
        assert!(
            remembered
                .find("https://real.example", Instant::now())
                .is_some()
        );
        // A failure that has ended does not count for long.
        let last = format!("https://i{}.example", MOST_UNPROVEN * 2 - 1);
        advance(FAILURE_LIFE - Duration::from_millis(1)).await;
        assert!(remembered.find(&last, Instant::now()).is_some());
        advance(Duration::from_millis(1)).await;
        assert!(remembered.find(&last, Instant::now()).is_none());
    }
}
