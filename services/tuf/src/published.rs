//! What clients have of each role.

use crate::expiry::{RoleName, RoleState};

/// The published metadata of each role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// The root.
    pub(crate) root: RoleState,
    /// The targets.
    pub(crate) targets: RoleState,
    /// The snapshot.
    pub(crate) snapshot: RoleState,
    /// The timestamp.
    pub(crate) timestamp: RoleState,
}

impl Published {
    /// The metadata of one role.
    pub(crate) const fn of(&self, role: RoleName) -> RoleState {
        match role {
            RoleName::Root => self.root,
            RoleName::Targets => self.targets,
            RoleName::Snapshot => self.snapshot,
            RoleName::Timestamp => self.timestamp,
        }
    }
}
