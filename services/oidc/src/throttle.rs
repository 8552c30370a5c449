use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use crate::error::Error;
use crate::network::Network;
use crate::secret::sha256;

/// Slows down guessing: every key has some attempts at once, and then gets one back each period.
///
/// Counts live in memory. What a restart forgives is little, and a store that is written on every
/// guess would be a target of its own. Per key it holds only the time at which all attempts are back;
/// a time in the past means the same as no entry.
#[derive(Debug)]
pub(crate) struct Throttle {
    whole_again: Mutex<HashMap<Key, OffsetDateTime>>,
    account: Allowance,
}

/// Who is guessing, or at what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An account, by the digest of its name: names that do not exist count alike.
    Account([u8; 32]),
    /// An account, seen from a browser in which its owner has signed in before. It has a count of
    /// its own, so that strangers who exhaust [`Key::Account`] do not lock the owner out.
    KnownBrowser([u8; 32]),
    /// The second factor of an account, at which only those guess who have its password.
    Factor([u8; 32]),
    /// The same, seen from a browser in which the account's owner has signed in before.
    KnownFactor([u8; 32]),
    /// A client that authenticates with a secret, from one address; strangers elsewhere do not count.
    Client([u8; 32], Network),
    /// A source address.
    Address(Network),
    /// An address that enters user codes of the device flow.
    UserCode(Network),
    /// An address that starts device flows, each of which takes a place in the store.
    DeviceStart(Network),
    /// An address from which people are sent elsewhere to sign in, each of whom takes a place in the store.
    Departure(Network),
}

#[derive(Debug, Clone, Copy)]
struct Allowance {
    at_once: u32,
    period: Duration,
}

impl Throttle {
    /// A throttle that locks an account for `account_lock` after `account_attempts` wrong passwords.
    pub(crate) fn new(account_attempts: u32, account_lock: Duration) -> Self {
        let account = Allowance {
            at_once: account_attempts.max(1),
            period: account_lock,
        };
        Self {
            whole_again: Mutex::default(),
            account,
        }
    }

    /// Takes one attempt of every key before it is judged, so that guesses sent at once are no way
    /// around. If a key has none left, nothing is taken and nothing is to be judged.
    pub(crate) fn admit(&self, keys: &[Key], now: OffsetDateTime) -> Result<(), Error> {
        let mut whole_again = self.lock();
        let waits = keys.iter().filter_map(|key| {
            let allowance = self.allowance(key);
            let reserve = allowance
                .period
                .saturating_mul(allowance.at_once.saturating_sub(1));
            whole_again.get(key).map(|at| *at - now - reserve)
        });
        if let Some(wait) = waits.filter(|wait| wait.is_positive()).max() {
            let retry_after = wait.unsigned_abs();
            return Err(Error::Throttled { retry_after });
        }
        make_room(&mut whole_again, now);
        for key in keys {
            let at = whole_again.entry(key.clone()).or_insert(now);
            *at = (*at).max(now) + self.allowance(key).period;
        }
        Ok(())
    }

    /// Gives one attempt of every key back, because it was not judged. What was tried before it still
    /// counts: a caller that can bring about such an end at will must not win by it.
    pub(crate) fn give_back(&self, keys: &[Key]) {
        let mut whole_again = self.lock();
        for key in keys {
            if let Some(at) = whole_again.get_mut(key) {
                *at -= self.allowance(key).period;
            }
        }
    }

    /// The attempt was right. That gives all attempts back at an account or a client, but says nothing about the other guesses from the address, which gets one back.
    pub(crate) fn succeeded(&self, keys: &[Key]) {
        let (proven, address): (Vec<_>, Vec<_>) =
            keys.iter().cloned().partition(Key::is_proven_by_success);
        self.give_back(&address);
        let mut whole_again = self.lock();
        for key in proven {
            whole_again.remove(&key);
        }
    }

    /// Few for one account; more for an address, behind which a whole office may sit.
    fn allowance(&self, key: &Key) -> Allowance {
        let a_minute_each = |at_once| Allowance {
            at_once,
            period: Duration::from_secs(60),
        };
        match key {
            Key::Account(_) | Key::KnownBrowser(_) | Key::Factor(_) | Key::KnownFactor(_) => {
                self.account
            }
            Key::Client(..) | Key::UserCode(_) => a_minute_each(10),
            Key::Address(_) => a_minute_each(50),
            Key::DeviceStart(_) | Key::Departure(_) => Allowance {
                at_once: 100,
                period: Duration::from_secs(5),
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, OffsetDateTime>> {
        self.whole_again
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn is_proven_by_success(&self) -> bool {
        matches!(
            self,
            Self::Account(_)
                | Self::KnownBrowser(_)
                | Self::Factor(_)
                | Self::KnownFactor(_)
                | Self::Client(..)
        )
    }

    pub(crate) fn account(name: &str) -> Self {
        Self::Account(sha256(name.as_bytes()))
    }

    pub(crate) fn known_browser(browser: &str, name: &str) -> Self {
        Self::KnownBrowser(sha256(format!("{browser}\n{name}").as_bytes()))
    }

    pub(crate) fn factor(name: &str) -> Self {
        Self::Factor(sha256(name.as_bytes()))
    }

    pub(crate) fn known_factor(browser: &str, name: &str) -> Self {
        Self::KnownFactor(sha256(format!("{browser}\n{name}").as_bytes()))
    }

    pub(crate) fn client(id: &str, address: IpAddr) -> Self {
        Self::Client(sha256(id.as_bytes()), address.into())
    }

    pub(crate) fn address(address: IpAddr) -> Self {
        Self::Address(address.into())
    }

    pub(crate) fn user_code(address: IpAddr) -> Self {
        Self::UserCode(address.into())
    }

    pub(crate) fn device_start(address: IpAddr) -> Self {
        Self::DeviceStart(address.into())
    }

    pub(crate) fn departure(address: IpAddr) -> Self {
        Self::Departure(address.into())
    }
}

/// Memory stays bounded however many names and addresses are tried: what says nothing goes first,
/// then the half that has tried least.
fn make_room(whole_again: &mut HashMap<Key, OffsetDateTime>, now: OffsetDateTime) {
    if whole_again.len() < MAX_KEYS {
        return;
    }
    whole_again.retain(|_, at| *at > now);
    if whole_again.len() < MAX_KEYS {
        return;
    }
    let mut times: Vec<_> = whole_again.values().copied().collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    whole_again.retain(|_, at| *at > median);
}

const MAX_KEYS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    fn throttle() -> Throttle {
        Throttle::new(5, Duration::from_secs(900))
    }

    fn wait(throttle: &Throttle, key: &Key, now: OffsetDateTime) -> Option<u64> {
        match throttle.admit(std::slice::from_ref(key), now) {
            Ok(()) => None,
            Err(Error::Throttled { retry_after }) => Some(retry_after.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn an_account_is_locked_after_five_attempts() {
        let (throttle, key, mut now) = (throttle(), Key::account("a@b.c"), start());
        for _ in 0..5 {
            assert_eq!(wait(&throttle, &key, now), None);
        }
        assert_eq!(wait(&throttle, &key, now), Some(900));
        now += Duration::from_secs(899);
        assert_eq!(wait(&throttle, &key, now), Some(1));
        now += Duration::from_secs(1);
        assert_eq!(wait(&throttle, &key, now), None);
        assert_eq!(wait(&throttle, &key, now), Some(900));
        now += Duration::from_secs(5 * 900);
        for _ in 0..5 {
            assert_eq!(wait(&throttle, &key, now), None);
        }
        assert_eq!(wait(&throttle, &key, now), Some(900));
    }

    #[test]
    fn success_forgives_the_account_but_not_the_address() {
        let (throttle, now) = (throttle(), start());
        let keys = [
            Key::account("a@b.c"),
            Key::address("192.0.2.1".parse().unwrap()),
        ];
        for _ in 0..49 {
            throttle.admit(&keys[1..], now).unwrap();
        }
        throttle.admit(&keys, now).unwrap();
        throttle.succeeded(&keys);
        throttle.admit(&keys, now).unwrap();
        assert_eq!(wait(&throttle, &keys[1], now), Some(60));
        assert_eq!(wait(&throttle, &keys[0], now), None);
    }

    #[test]
    fn an_attempt_that_was_not_judged_forgives_nothing_that_came_before() {
        let (throttle, now) = (throttle(), start());
        let keys = [
            Key::account("a@b.c"),
            Key::address("192.0.2.1".parse().unwrap()),
        ];
        for _ in 0..4 {
            throttle.admit(&keys, now).unwrap();
        }
        for _ in 0..10 {
            throttle.admit(&keys, now).unwrap();
            throttle.give_back(&keys);
        }
        assert_eq!(wait(&throttle, &keys[0], now), None);
        assert_eq!(wait(&throttle, &keys[0], now), Some(900));
    }

    #[test]
    fn a_refused_attempt_takes_nothing_from_the_other_keys() {
        let (throttle, now) = (throttle(), start());
        let keys = [
            Key::account("a@b.c"),
            Key::address("192.0.2.1".parse().unwrap()),
        ];
        for _ in 0..200 {
            let _ = throttle.admit(&keys, now);
        }
        assert_eq!(wait(&throttle, &keys[1], now), None);
    }

    #[test]
    fn strangers_do_not_lock_the_owner_out_of_a_known_browser() {
        let (throttle, now) = (throttle(), start());
        for _ in 0..5 {
            assert_eq!(wait(&throttle, &Key::account("a@b.c"), now), None);
        }
        assert!(wait(&throttle, &Key::account("a@b.c"), now).is_some());
        assert_eq!(
            wait(&throttle, &Key::known_browser("browser", "a@b.c"), now),
            None
        );
    }

    #[test]
    fn memory_stays_bounded_and_the_busiest_are_kept() {
        let (throttle, mut now) = (throttle(), start());
        for _ in 0..5 {
            assert_eq!(wait(&throttle, &Key::account("busy"), now), None);
        }
        for n in 0..MAX_KEYS + 10 {
            now += Duration::from_millis(1);
            throttle
                .admit(&[Key::account(&n.to_string())], now)
                .unwrap();
        }
        assert!(throttle.lock().len() <= MAX_KEYS);
        assert!(wait(&throttle, &Key::account("busy"), now).is_some());
    }
}
