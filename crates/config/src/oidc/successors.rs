use serde::{Deserialize, Serialize};
use sigstead_signer::{KeyConfig, KeyRing, RingKey};
use time::{Duration, OffsetDateTime};

use super::Config;
use crate::successors::{self, Follows, OVERLAP};

/// The file of the keys that follow the configured one.
pub type SuccessorsFile = successors::SuccessorsFile<Successor>;

/// A key that takes over from the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    /// From when on the key signs, as in `2027-03-01T00:00:00Z`. It is published as soon as the file is read.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// The RSA key that signs.
    pub key: KeyConfig,
}

impl Follows for Successor {
    fn follows(&self, before: &Self) -> bool {
        self.from > before.from
    }
}

impl Config {
    /// The keys that a service opens at `now`: those that are published, and no others.
    #[must_use]
    pub fn ring<'a>(
        &'a self,
        file: &'a SuccessorsFile,
        now: OffsetDateTime,
    ) -> KeyRing<&'a KeyConfig> {
        let ring = KeyRing::new(RingKey {
            from: None,
            key: &self.key,
        });
        let listed = file.successors.iter().map(|successor| RingKey {
            from: Some(successor.from),
            key: &successor.key,
        });
        listed
            .fold(ring, KeyRing::followed_by)
            .kept_since(now - self.key_lives_on())
    }

    /// How long a key is published that another took over from: until its last token has ended everywhere.
    #[must_use]
    pub fn key_lives_on(&self) -> Duration {
        self.token_lifetime.time() + OVERLAP
    }
}

/// How long those who read the key set may keep it.
pub const KEY_SET_LIFETIME: Duration = Duration::minutes(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_open_until_its_last_token_has_ended() {
        let key = |name: &str| KeyConfig::file(name, None);
        let mut config = Config::new(
            sigstead_kit::Listeners::for_test(),
            "http://localhost:1".parse().unwrap(),
            key("oidc.key"),
            sigstead_store::StoreConfig::Memory {},
            "users".into(),
        );
        config.token_lifetime = sigstead_kit::Period::from_hours(1);
        let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let (from, second) = (at(100_000), key("oidc-2.key"));
        let successor = Successor {
            from,
            key: second.clone(),
        };
        let file = SuccessorsFile {
            successors: vec![successor],
        };
        let open = |now| {
            let ring = config.ring(&file, now);
            ring.keys().map(|each| each.key.clone()).collect::<Vec<_>>()
        };
        let both = vec![config.key.clone(), second.clone()];
        assert_eq!(open(at(0)), both);
        let ended = from + Duration::HOUR + OVERLAP;
        assert_eq!(open(ended - Duration::SECOND), both);
        assert_eq!(open(ended), [second]);
    }
}
