//! What the plan says of the keys, and their files.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::{Role as _, Root, Snapshot, Timestamp};

use crate::rotate::plan::Plan;
use crate::rotate::tuf_service::Open;

/// The next keys, as roots name them, once they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnlineKeys {
    pub(super) next_snapshot: Option<String>,
    pub(super) next_timestamp: Option<String>,
}

pub(super) type OnlinePlan = Plan<OnlineKeys>;

impl OnlineKeys {
    /// Whether the service has the next keys.
    pub(super) fn are_open(&self, keys: &Open) -> bool {
        self.all().all(|(role, id)| keys.has(role, id))
    }

    /// Whether it signs with them.
    pub(super) fn sign(&self, keys: &Open) -> bool {
        self.all().all(|(role, id)| keys.signs(role, id))
    }

    /// Whether these are the next keys, each with its role.
    pub(super) fn are(&self, keys: &[(&'static str, String)]) -> bool {
        let keys = keys.iter().map(|(role, id)| (*role, id.as_str()));
        self.all().eq(keys)
    }

    /// Whether a root names them.
    pub(super) fn are_named_by(&self, root: &Root) -> bool {
        self.all().all(|(role, id)| {
            let keys = root.roles.get(role);
            keys.is_some_and(|keys| keys.keyids.iter().any(|key| key.to_string() == id))
        })
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let snapshot = self.next_snapshot.as_deref().unwrap_or_default();
        let timestamp = self.next_timestamp.as_deref().unwrap_or_default();
        [(Snapshot::NAME, snapshot), (Timestamp::NAME, timestamp)].into_iter()
    }
}

impl OnlinePlan {
    /// The file of the next snapshot key, in the folder of the service.
    pub(super) fn snapshot_key(&self) -> PathBuf {
        PathBuf::from(format!("keys/snapshot-{}.key", self.number))
    }

    /// That of the next timestamp key.
    pub(super) fn timestamp_key(&self) -> PathBuf {
        PathBuf::from(format!("keys/timestamp-{}.key", self.number))
    }
}
