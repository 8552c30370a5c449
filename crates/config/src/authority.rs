//! The keys of an authority that take over from the configured one, each with its chain.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigstead_signer::{KeyConfig, KeyRing, RingKey};
use time::OffsetDateTime;

use crate::successors::{self, Follows, OVERLAP};

/// The file of the keys that follow the configured one.
pub type SuccessorsFile = successors::SuccessorsFile<Successor>;

/// A key that takes over from the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    /// From when on the key signs, as in `2027-03-01T00:00:00Z`.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// The key that signs. It must be the key of the first certificate of `chain`.
    pub key: KeyConfig,
    /// PEM file with its certificate first and the issuers up to the root after it. The whole chain must be
    /// valid at `from`.
    pub chain: PathBuf,
}

impl Follows for Successor {
    fn follows(&self, before: &Self) -> bool {
        self.from > before.from
    }
}

/// A key with its chain, as a configuration names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyAndChain<'a> {
    /// The key.
    pub key: &'a KeyConfig,
    /// The file of its chain.
    pub chain: &'a Path,
}

/// The keys that a service opens at `now`: the configured one, and those of the file.
///
/// A key that another took over from is opened for [`OVERLAP`] more, for a clock that is set back; later its files need not
/// be there any more.
pub(crate) fn ring<'a>(
    configured: KeyAndChain<'a>,
    file: &'a SuccessorsFile,
    now: OffsetDateTime,
) -> KeyRing<KeyAndChain<'a>> {
    let ring = KeyRing::new(RingKey {
        from: None,
        key: configured,
    });
    let listed = file.successors.iter().map(|successor| RingKey {
        from: Some(successor.from),
        key: KeyAndChain {
            key: &successor.key,
            chain: &successor.chain,
        },
    });
    listed
        .fold(ring, KeyRing::followed_by)
        .kept_since(now - OVERLAP)
}

#[cfg(test)]
mod tests {
    use sigstead_kit::ConfigError;

    use super::*;

    fn successor(from: i64) -> Successor {
        Successor {
            from: OffsetDateTime::from_unix_timestamp(from).unwrap(),
            key: KeyConfig::file("tsa-2.key", None),
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
        let configured = KeyAndChain {
            key: &key,
            chain: Path::new("chain.pem"),
        };
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
            let ring = ring(configured, &file, now);
            let begins: Vec<_> = ring
                .keys()
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
