//! Whose key is replaced: that of the root role, or that of the targets role.

use sigstead_trust_root::tuf::{self, Role as _};

use crate::failure::Failure;
use crate::trust::{Change, NextRoot, ROOT_KEY, TARGETS_KEY, TufSigner};

/// A role of TUF that the operator signs for.
pub(in crate::rotate) trait OfflineRole: Clone {
    const ROLE: &'static str;
    const WHAT: &'static str;
    const APART_FROM: &'static [&'static str];
    /// As roots name it.
    const NAME: &'static str;
    /// Where the key is that signs.
    const KEY: &'static str;

    /// What is published so that `next` signs for the role.
    async fn draft(change: &Change<'_>, next: &TufSigner) -> Result<NextRoot, Failure>;
}

/// The root role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rotate) struct Root;

/// The targets role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rotate) struct Targets;

impl OfflineRole for Root {
    const ROLE: &'static str = "tuf-root";
    const WHAT: &'static str = "the key of the root role";
    const APART_FROM: &'static [&'static str] = &["tuf-online", Targets::ROLE];
    const NAME: &'static str = tuf::Root::NAME;
    const KEY: &'static str = ROOT_KEY;

    /// A root is signed with the keys of the root before it and with its own (TUF §5.3.4).
    async fn draft(change: &Change<'_>, next: &TufSigner) -> Result<NextRoot, Failure> {
        let root = change
            .next_root(|root| named::<Self>(root, next), Some(next))
            .await?;
        Ok(NextRoot::alone(root))
    }
}

impl OfflineRole for Targets {
    const ROLE: &'static str = "tuf-targets";
    const WHAT: &'static str = "the key of the targets role";
    const APART_FROM: &'static [&'static str] = &["tuf-online", Root::ROLE];
    const NAME: &'static str = tuf::Targets::NAME;
    const KEY: &'static str = TARGETS_KEY;

    /// A client may read the targets with the root of now or with the next one, so both must let them be.
    async fn draft(change: &Change<'_>, next: &TufSigner) -> Result<NextRoot, Failure> {
        let root = change
            .next_root(|root| named::<Self>(root, next), None)
            .await?;
        let targets = change.same_targets(next, &root.signed).await?;
        Ok(NextRoot {
            targets: Some(targets),
            ..NextRoot::alone(root)
        })
    }
}

fn named<R: OfflineRole>(root: tuf::Root, next: &TufSigner) -> tuf::Root {
    root.with_role(R::NAME, &[next.key().clone()], 1)
}
