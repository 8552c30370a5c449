//! The keys that take over from a configured one.

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sigstead_kit::ConfigError;
use time::Duration;

/// The file of the keys that follow the configured one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuccessorsFile<S> {
    /// The keys, each of which begins after the one before it.
    pub successors: Vec<S>,
}

/// A key that takes over from the one before it.
pub trait Follows {
    /// Whether it can take over from another.
    fn follows(&self, before: &Self) -> bool;
}

/// More than a clock is set back by those who keep it.
pub const OVERLAP: Duration = Duration::minutes(10);

impl<S> Default for SuccessorsFile<S> {
    fn default() -> Self {
        Self {
            successors: Vec::new(),
        }
    }
}

impl<S: Follows + DeserializeOwned> SuccessorsFile<S> {
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
        if pairs.any(|pair| matches!(pair, [before, after] if !after.follows(before))) {
            return Err(ConfigError::Contradiction {
                path: path.to_owned(),
                message: "a successor does not begin after the one before it; write them in the order of `from`"
                    .to_owned(),
            });
        }
        Ok(file)
    }

    /// Reads the file that a configuration names, if it names one.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_if_named(path: Option<&Path>) -> Result<Self, ConfigError> {
        path.map_or_else(|| Ok(Self::default()), Self::read)
    }
}
