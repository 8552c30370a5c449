//! Who signs targets: the operator with one key, or people in a ceremony.

use sigstead_trust_root::tuf::{Role as _, Root, Signed, Targets};

use super::ahead::Ahead;
use super::signer::{TARGETS_KEY, TufSigner};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;

/// What signs the next targets.
pub(crate) enum TargetsKey {
    /// The one key, which is with the instance.
    Operator(TufSigner),
    /// The holders of the root, who signed some versions ahead.
    Holders(Ahead),
}

impl TargetsKey {
    /// What signs the targets after `published`, by `root`.
    pub(super) async fn open(
        instance: &Instance,
        root: &Root,
        published: &Targets,
    ) -> Result<Self, Failure> {
        if are_held_by_people(root) {
            return Ahead::read(instance, root, published).map(Self::Holders);
        }
        TufSigner::open(instance, TARGETS_KEY)
            .await
            .map(Self::Operator)
    }

    /// The one key.
    pub(super) fn operators(&self) -> Result<&TufSigner, Failure> {
        match self {
            Self::Operator(key) => Ok(key),
            Self::Holders(_) => Err(Failure::new(
                "E-CEREMONY-020",
                "the targets are signed by several people",
                "make a draft with `sigctl ceremony new`, and have it signed",
            )
            .exit(Exit::Refused)),
        }
    }

    /// What people signed ahead.
    pub(super) const fn ahead(&self) -> Option<&Ahead> {
        match self {
            Self::Operator(_) => None,
            Self::Holders(ahead) => Some(ahead),
        }
    }

    /// The targets, signed now or ahead. Those that were signed ahead say the same, and have a version and an end of their own.
    pub(super) async fn sign(&self, targets: Targets) -> Result<Signed<Targets>, Failure> {
        match self {
            Self::Operator(key) => key.sign(targets).await,
            Self::Holders(ahead) => ahead.that_says(&targets),
        }
    }
}

/// Whether the targets after those of now take a ceremony.
pub(crate) fn are_held_by_people(root: &Root) -> bool {
    let role = root.roles.get(Targets::NAME);
    role.is_some_and(|role| role.threshold > 1 || role.keyids.len() > 1)
}
