use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigstead_kit::ConfigError;
use sigstead_signer::KeyConfig;
use time::{Duration, OffsetDateTime};

use super::Config;

/// The file of the keys that follow the configured one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuccessorsFile {
    /// The keys, each of which begins after the one before it.
    pub successors: Vec<Successor>,
}

/// A key that takes over from the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    /// From when on the key signs, as in `2027-03-01T00:00:00Z`.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// The key that signs. It must be the key of the first certificate of `chain`.
    pub key: KeyConfig,
    /// PEM file with its time-stamping certificate first and the issuers up to the root after it. The whole chain must be
    /// valid at `from`.
    pub chain: PathBuf,
}

/// A key that a service has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingKey<'a> {
    /// From when on it signs; the configured key has no such time.
    pub from: Option<OffsetDateTime>,
    /// The key.
    pub key: &'a KeyConfig,
    /// The file of its chain.
    pub chain: &'a Path,
}

impl Config {
    /// The keys that a service opens at `now`, in the order in which they sign; there is always one.
    ///
    /// A key that another took over from is opened for [`OVERLAP`] more, for a clock that is set back; later its files need
    /// not be there any more.
    #[must_use]
    pub fn ring<'a>(&'a self, file: &'a SuccessorsFile, now: OffsetDateTime) -> Vec<RingKey<'a>> {
        let configured = RingKey {
            from: None,
            key: &self.key,
            chain: &self.chain,
        };
        let listed = file.successors.iter().map(|successor| RingKey {
            from: Some(successor.from),
            key: &successor.key,
            chain: &successor.chain,
        });
        let mut all: Vec<_> = std::iter::once(configured).chain(listed).collect();
        let has_long_begun = |key: &RingKey<'_>| key.from.is_none_or(|from| from <= now - OVERLAP);
        let over = all.iter().take_while(|key| has_long_begun(key)).count();
        all.drain(..over.saturating_sub(1));
        all
    }
}

/// More than a clock is set back by those who keep it.
pub const OVERLAP: Duration = Duration::minutes(10);

impl SuccessorsFile {
    /// Reads a file. One that is not there has no successors.
    ///
    /// # Errors
    /// It cannot be read, is not such a file, or its keys do not follow one another.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let file: Self = match sigstead_kit::read_config(path) {
            Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::default()
            }
            read => read?,
        };
        let mut pairs = file.successors.windows(2);
        if pairs.any(|pair| matches!(pair, [before, after] if after.from <= before.from)) {
            return Err(ConfigError::Contradiction {
                path: path.to_owned(),
                message: "a successor does not begin after the one before it; write them in the order of `from`"
                    .to_owned(),
            });
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn successor(from: i64) -> Successor {
        Successor {
            from: OffsetDateTime::from_unix_timestamp(from).unwrap(),
            key: KeyConfig {
                uri: "file:tsa-2.key".parse().unwrap(),
                passphrase_file: None,
            },
            chain: "chain-2.pem".into(),
        }
    }

    #[test]
    fn a_file_is_written_read_and_may_be_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("successors.yaml");
        let none = SuccessorsFile::default();
        assert_eq!(SuccessorsFile::read(&path).unwrap(), none);
        let file = SuccessorsFile {
            successors: vec![successor(1_800_000_000), successor(1_900_000_000)],
        };
        let text = crate::to_yaml(&file).unwrap();
        assert!(text.contains("from: 2027-01-15T08:00:00Z"), "{text}");
        std::fs::write(&path, text).unwrap();
        assert_eq!(SuccessorsFile::read(&path).unwrap(), file);
        std::fs::write(&path, "successors: []\nmore: 1\n").unwrap();
        assert!(SuccessorsFile::read(&path).is_err());
        assert!(SuccessorsFile::read(folder.path()).is_err());
    }

    #[test]
    fn keys_that_are_long_over_are_not_opened() {
        let key = successor(0).key;
        let config = Config::new(sigstead_kit::Listeners::for_test(), key, "chain.pem".into());
        let file = SuccessorsFile {
            successors: vec![successor(10_000), successor(20_000)],
        };
        let overlap = OVERLAP.whole_seconds();
        for (now, expected) in [
            (0, vec![None, Some(10_000), Some(20_000)]),
            (10_000 + overlap - 1, vec![None, Some(10_000), Some(20_000)]),
            (10_000 + overlap, vec![Some(10_000), Some(20_000)]),
            (20_000 + overlap, vec![Some(20_000)]),
            (90_000, vec![Some(20_000)]),
        ] {
            let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
            let ring = config.ring(&file, now).into_iter();
            let begins: Vec<_> = ring
                .map(|key| key.from.map(OffsetDateTime::unix_timestamp))
                .collect();
            assert_eq!(begins, expected, "{now}");
        }
    }

    #[test]
    fn successors_are_in_the_order_in_which_they_begin() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("successors.yaml");
        for (first, second) in [(2, 1), (2, 2)] {
            let file = SuccessorsFile {
                successors: vec![successor(first), successor(second)],
            };
            std::fs::write(&path, crate::to_yaml(&file).unwrap()).unwrap();
            let refused = SuccessorsFile::read(&path).unwrap_err();
            assert!(
                matches!(refused, ConfigError::Contradiction { .. }),
                "{refused}"
            );
        }
    }
}
