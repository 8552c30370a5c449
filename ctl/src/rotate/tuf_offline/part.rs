//! What the plan says of the key, and its files.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::Root;

use super::role::OfflineRole;
use crate::rotate::plan::Plan;

/// The next key of a role that the operator signs for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct OfflineKey<R> {
    /// As roots name it, once it is made.
    pub(super) next_key: Option<String>,
    #[serde(skip)]
    role: PhantomData<R>,
}

pub(super) type OfflinePlan<R> = Plan<OfflineKey<R>>;

impl<R: OfflineRole> OfflineKey<R> {
    /// Nothing is made yet.
    pub(super) const fn new() -> Self {
        Self {
            next_key: None,
            role: PhantomData,
        }
    }

    /// Whether a root names the next key.
    pub(super) fn is_named_by(&self, root: &Root) -> bool {
        let keys = root.roles.get(R::NAME);
        let is_next = |id: &str| self.next_key.as_deref() == Some(id);
        keys.is_some_and(|keys| keys.keyids.iter().any(|key| is_next(&key.to_string())))
    }
}

impl<R: OfflineRole> OfflinePlan<R> {
    /// Where the next key is until it signs.
    pub(super) fn next(&self) -> String {
        self.beside("next")
    }

    /// Where the old key is once it signs no more.
    pub(super) fn kept(&self) -> String {
        self.beside("before")
    }

    fn beside(&self, what: &str) -> String {
        let name = R::KEY.strip_suffix(".key").unwrap_or(R::KEY);
        format!("{name}-{what}-{}.key", self.number)
    }
}
