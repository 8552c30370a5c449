//! The metadata that the operator signs, and the first publication of an instance.

use std::fmt;

use serde::Serialize;
use sigstead_trust_root::tuf::{Role as _, Root, Signed, Targets};
use sigstead_trust_root::{Publication, Term, TrustState};
use time::{Duration, OffsetDateTime};

use super::client_kit;
use super::gate::report::Gate;
use super::repository::{Repository, SignedPublication};
use super::root_key::RootKey;
use super::signer::{ROOT_KEY, TARGETS_KEY};
use super::state_file;
use super::targets_key::TargetsKey;
use crate::failure::Failure;
use crate::instance::Instance;

/// The versions that clients find now.
#[derive(Debug, Serialize)]
pub(crate) struct Versions {
    /// Of the root.
    pub(crate) root: u64,
    /// Of the targets.
    pub(crate) targets: u64,
    /// When the first of both expires.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires: OffsetDateTime,
    /// What was tried before.
    pub(crate) gate: Gate,
    /// By when several people must have signed the next root, if it is theirs.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub(crate) ceremony_due_by: Option<OffsetDateTime>,
    /// Whether these people sign the targets too, so that nothing new is there that they did not sign ahead.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) targets_signed_ahead: bool,
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root {} and targets {}", self.root, self.targets)
    }
}

/// What a publication is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// What counts now counts on.
    GoOn,
    /// Something that counts now is to count no more.
    End,
}

/// The keys of the roles that the operator signs.
pub(crate) struct Keys {
    /// Signs roots.
    pub(crate) root: RootKey,
    /// Signs targets.
    pub(crate) targets: TargetsKey,
}

/// Writes the state of a new instance, its first publication and its client kit. `root` names the keys of all roles.
pub(crate) async fn first(
    instance: &Instance,
    state: &TrustState,
    root: Root,
    keys: &Keys,
) -> Result<(), Failure> {
    state_file::write(instance, state)?;
    let length = instance.manifest.lifetimes.publication.time();
    let draft = Publication::first(state, root, term(length)).map_err(|error| {
        Failure::new(
            "E-CTL-011",
            "the trust root cannot be made",
            "the cause says which part of it does not fit",
        )
        .because(error)
    })?;
    let signed = sign(keys, draft, None).await?;
    // The configuration of the `tuf` service is not written yet, and names this directory.
    let repository = Repository::at(instance.path("tuf/repository"));
    repository.lay_out(&signed)?;
    client_kit::write_all(instance, state, &repository).map(drop)
}

/// Signs the roles of a draft, and checks them as a client does that trusts the root `before`.
pub(super) async fn sign(
    keys: &Keys,
    draft: Publication,
    before: Option<&Root>,
) -> Result<SignedPublication, Failure> {
    let root = match draft.root {
        Some(root) => Some(signed_root(keys, root, before).await?),
        None => None,
    };
    let current = root.as_ref().map(|root| &root.signed).or(before);
    let targets = match draft.targets {
        Some(targets) => Some(signed_targets(keys, targets, current).await?),
        None => None,
    };
    Ok(SignedPublication {
        files: draft.files,
        root,
        targets,
    })
}

async fn signed_root(
    keys: &Keys,
    root: Root,
    before: Option<&Root>,
) -> Result<Signed<Root>, Failure> {
    let root = keys.root.operators()?.sign(root).await?;
    let verified = match before {
        Some(before) => root.verify_successor(before),
        None => root.verify(&root.signed),
    };
    verified.map_err(|error| not_allowed(Root::NAME, ROOT_KEY, &error))?;
    Ok(root)
}

async fn signed_targets(
    keys: &Keys,
    targets: Targets,
    root: Option<&Root>,
) -> Result<Signed<Targets>, Failure> {
    let targets = keys.targets.sign(targets).await?;
    let verified = root.map_or(Ok(()), |root| targets.verify(root));
    verified.map_err(|error| not_allowed(Targets::NAME, TARGETS_KEY, &error))?;
    Ok(targets)
}

pub(super) fn not_allowed(role: &str, key: &str, error: &sigstead_trust_root::Error) -> Failure {
    Failure::new(
        "E-CTL-031",
        format!("the published root does not let {key} alone sign {role} metadata"),
        "bring the key that the root names; nothing was published",
    )
    .because(error)
}

pub(super) fn term(length: Duration) -> Term {
    use sigstead_kit::Clock as _;
    Term {
        signed_at: sigstead_kit::SystemClock.now(),
        length,
    }
}
