//! What the plan says of the keys, and their files.

use serde::{Deserialize, Serialize};
use sigstead_signer::KeyConfig;
use sigstead_trust_root::tuf::{Role as _, Root, Snapshot, Timestamp};

use crate::init::configuration::key_config;
use crate::instance::Instance;
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
    /// The next keys as the configuration of the service names them: that of the snapshot role, then that of the timestamp role.
    pub(super) fn keys(&self, instance: &Instance) -> [KeyConfig; 2] {
        let files = self.files().map(|file| key_config(instance, &file));
        let [snapshot, timestamp] = files;
        match (&self.next_key_at, &self.second_key_at) {
            (Some(first), Some(second)) => [first.clone(), second.clone()],
            _ => [snapshot, timestamp],
        }
    }

    /// Whether they are in files of the service.
    pub(super) fn are_in_files(&self) -> bool {
        self.next_key_at.is_none()
    }

    /// These files, in its folder.
    pub(super) fn files(&self) -> [String; 2] {
        [Snapshot::NAME, Timestamp::NAME].map(|role| format!("keys/{role}-{}.key", self.number))
    }
}
