//! Who signs roots: the operator with one key, or people in a ceremony.

use sigstead_trust_root::tuf::Root;
use time::OffsetDateTime;

use super::signer::{ROOT_KEY, TufSigner};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;

/// What signs the next root.
pub(crate) enum RootKey {
    /// The one key, which is with the instance.
    Operator(TufSigner),
    /// Several people, each with a key of her own.
    Holders {
        /// The version of the root that they signed.
        version: u64,
        /// When it ends.
        ends: OffsetDateTime,
    },
}

impl RootKey {
    /// What signs the root after `root`. A key that happens to be in the place of the one is not even opened where people
    /// sign.
    pub(super) async fn open(instance: &Instance, root: &Root) -> Result<Self, Failure> {
        if is_held_by_people(root) {
            return Ok(Self::Holders {
                version: root.version,
                ends: root.expires,
            });
        }
        TufSigner::open(instance, ROOT_KEY)
            .await
            .map(Self::Operator)
    }

    /// The one key.
    pub(super) fn operators(&self) -> Result<&TufSigner, Failure> {
        match self {
            Self::Operator(key) => Ok(key),
            Self::Holders { version, ends } => Err(Failure::new(
                "E-CEREMONY-020",
                format!(
                    "root {version} is signed by several people until {}, and the next one takes them too",
                    ends.date()
                ),
                "make its draft with `sigctl ceremony new`, and have it signed",
            )
            .exit(Exit::Refused)),
        }
    }

    /// When the root ends that only people can follow with another.
    pub(super) const fn ceremony_due_by(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Operator(_) => None,
            Self::Holders { ends, .. } => Some(*ends),
        }
    }
}

/// Whether the root after this one takes a ceremony.
pub(crate) fn is_held_by_people(root: &Root) -> bool {
    let role = root.roles.get("root");
    role.is_some_and(|role| role.threshold > 1 || role.keyids.len() > 1)
}
