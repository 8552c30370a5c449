//! A root that is signed and that nobody has yet.

use sigstead_trust_root::tuf::{Role as _, Root, Signed, Snapshot, Targets, Timestamp};
use time::OffsetDateTime;

/// The next root, and what clients find by it.
pub(crate) struct NextRoot {
    /// The root.
    pub(crate) root: Signed<Root>,
    /// Targets that have to be there before it, because it does not let those of now be.
    pub(crate) targets: Option<Signed<Targets>>,
    /// What the keys sign that it names for the online roles, if these are others than those of now. Only the gate sees it: the
    /// service signs its own.
    pub(crate) online: Option<Online>,
}

/// Metadata of the online roles.
#[derive(Clone)]
pub(crate) struct Online {
    /// The snapshot.
    pub(crate) snapshot: Signed<Snapshot>,
    /// The timestamp that names it.
    pub(crate) timestamp: Signed<Timestamp>,
}

impl NextRoot {
    /// A root beside which all stays as it is.
    pub(crate) const fn alone(root: Signed<Root>) -> Self {
        Self {
            root,
            targets: None,
            online: None,
        }
    }
}

impl Online {
    /// When clients take the first of both no longer.
    pub(super) fn ends(&self) -> OffsetDateTime {
        let snapshot = self.snapshot.signed.expires();
        snapshot.min(self.timestamp.signed.expires())
    }
}
