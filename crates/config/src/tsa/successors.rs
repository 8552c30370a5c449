use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigstead_kit::ConfigError;
use sigstead_signer::KeyConfig;
use time::OffsetDateTime;

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
