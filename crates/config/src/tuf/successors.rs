use serde::{Deserialize, Serialize};
use sigstead_signer::KeyConfig;

use super::Config;
use crate::successors::{self, Follows};

/// The file of the keys that follow the configured ones.
pub type SuccessorsFile = successors::SuccessorsFile<Successor>;

/// Keys that take over from those before them, when a root names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    /// The key of the snapshot role.
    pub snapshot_key: KeyConfig,
    /// The key of the timestamp role.
    pub timestamp_key: KeyConfig,
}

/// The root says which keys sign, so any may follow any.
impl Follows for Successor {
    fn follows(&self, _: &Self) -> bool {
        true
    }
}

/// The keys of both roles, as a configuration names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnlineKeys<'a> {
    /// The key of the snapshot role.
    pub snapshot: &'a KeyConfig,
    /// The key of the timestamp role.
    pub timestamp: &'a KeyConfig,
}

impl Config {
    /// The keys that a service opens, the newest last. The files of those that no root names any more may be gone.
    #[must_use]
    pub fn online_keys<'a>(&'a self, file: &'a SuccessorsFile) -> Vec<OnlineKeys<'a>> {
        let configured = OnlineKeys {
            snapshot: &self.snapshot_key,
            timestamp: &self.timestamp_key,
        };
        let listed = file.successors.iter().map(|successor| OnlineKeys {
            snapshot: &successor.snapshot_key,
            timestamp: &successor.timestamp_key,
        });
        std::iter::once(configured).chain(listed).collect()
    }
}
