//! What the plan says of the authority of administrators.

use serde::{Deserialize, Serialize};

use crate::rotate::plan::Plan;

/// The authority of the admin interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AdminAuthority {
    /// The one of now: SHA-256, hex.
    pub(super) former: String,
    /// The serial number of the certificate with which the instance's own tools administer it now.
    pub(super) operator: String,
    /// The next one, once it is made: SHA-256, hex.
    pub(super) next: Option<String>,
}

pub(super) type AuthorityPlan = Plan<AdminAuthority>;
