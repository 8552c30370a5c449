//! Who has signed, and what enough signatures make.

use sigstead_trust_root::tuf::{Root, Signed, Targets};
use time::OffsetDateTime;

use crate::clock::TOLERANCE;
use crate::error::Error;
use crate::holder::Holder;
use crate::partial::Partial;
use crate::proposal::Proposal;
use crate::tally::{Count, Tally};

/// Who has signed a proposal. Signatures over other drafts do not count.
///
/// # Errors
/// If a signature over this one is none.
pub fn tally(proposal: &Proposal, partials: &[Partial]) -> Result<Tally, Error> {
    let over_this = partials.iter().filter(|it| it.is_over(proposal)).cloned();
    let over_this: Vec<_> = over_this.collect();
    for partial in &over_this {
        partial.check(proposal)?;
    }
    let draft = proposal.draft();
    let threshold = |role: &str| {
        let role = draft.before.signed.roles.get(role);
        role.map(|role| role.threshold).unwrap_or_default()
    };
    let targets = draft.targets.as_ref();
    let targets = targets.map(|targets| &targets.holders_before);
    let apart = targets.filter(|holders| **holders != draft.holders_before);
    Ok(Tally {
        before: count(draft.holders_before.iter(), threshold("root"), &over_this),
        next: count(proposal.holders(), draft.threshold, &over_this),
        targets: apart.map(|holders| count(holders.iter(), threshold("targets"), &over_this)),
    })
}

fn count<'a>(
    holders: impl Iterator<Item = &'a Holder>,
    threshold: u32,
    partials: &[Partial],
) -> Count {
    let has_signed = |holder: &&Holder| {
        let key = holder.key_id();
        partials.iter().any(|partial| partial.statement.key == key)
    };
    let (signed, missing): (Vec<_>, Vec<_>) = holders.partition(has_signed);
    let names = |holders: Vec<&Holder>| holders.iter().map(|it| it.name.clone()).collect();
    Count {
        threshold,
        signed: names(signed),
        missing: names(missing),
    }
}

/// What enough signatures make.
pub(crate) struct Assembled {
    /// The next root, which clients of the root before take.
    pub(crate) root: Signed<Root>,
    /// The versions of the targets, of which clients of the root before take the first, and those of the next one all.
    pub(crate) targets: Vec<Signed<Targets>>,
    /// The signatures, by their keys.
    pub(crate) partials: Vec<Partial>,
}

/// The results with all signatures over them. `partials` may be in any order.
///
/// # Errors
/// If one of them does not verify or is dated after `now`, or too few are over the proposal.
pub(crate) fn assemble(
    proposal: &Proposal,
    partials: Vec<Partial>,
    now: OffsetDateTime,
) -> Result<Assembled, Error> {
    let (mut partials, others): (Vec<_>, Vec<_>) =
        partials.into_iter().partition(|it| it.is_over(proposal));
    let why_less = why_not_counted(proposal, &others)?;
    for partial in &partials {
        let latest = partial.statement.signed_at;
        if latest > now + TOLERANCE {
            return Err(Error::Clock { now, latest });
        }
    }
    let tally = tally(proposal, &partials)?;
    if !tally.is_met() {
        return Err(why_less.unwrap_or_else(|| Error::Threshold(Box::new(tally))));
    }
    partials.sort_by(|one, other| one.statement.key.cmp(&other.statement.key));
    let root = signed(proposal, &partials)?;
    check_result(proposal, &root)?;
    let targets = signed_targets(proposal, &partials)?;
    check_targets(proposal, &targets)?;
    Ok(Assembled {
        root,
        targets,
        partials,
    })
}

/// Why signatures over other drafts do not count, if there are any. They do no harm where there are enough without them.
fn why_not_counted(proposal: &Proposal, others: &[Partial]) -> Result<Option<Error>, Error> {
    let mut why = None;
    for other in others {
        match other.check(proposal) {
            Err(error @ Error::OtherDraft { .. }) => why = Some(error),
            // Who signed an earlier draft may be in no later one.
            Ok(()) | Err(Error::NotAHolder { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(why)
}

fn signed(proposal: &Proposal, partials: &[Partial]) -> Result<Signed<Root>, Error> {
    let mut root = Signed::unsigned(proposal.next().clone());
    for partial in partials {
        let holder = proposal.holder_of(&partial.statement.key)?;
        if let Some(signature) = partial.signature() {
            root.add_signature(&holder.key, &signature);
        }
    }
    Ok(root)
}

fn signed_targets(
    proposal: &Proposal,
    partials: &[Partial],
) -> Result<Vec<Signed<Targets>>, Error> {
    let drafted = proposal.draft().targets.iter();
    let versions = drafted.flat_map(|targets| &targets.versions).enumerate();
    let signed = versions.map(|(at, version)| {
        let mut targets = Signed::unsigned(version.targets.clone());
        for partial in partials {
            let holder = proposal.holder_of(&partial.statement.key)?;
            if let Some(signature) = partial.over_targets(at) {
                targets.add_signature(&holder.key, &signature);
            }
        }
        Ok(targets)
    });
    signed.collect()
}

/// Reads the result as a client does that has the root before.
fn check_result(proposal: &Proposal, root: &Signed<Root>) -> Result<(), Error> {
    let refused = |source| Error::Root {
        which: "next",
        source,
    };
    let read = Signed::<Root>::parse(&root.encode()).map_err(refused)?;
    read.verify_successor(&proposal.draft().before.signed)
        .map_err(refused)
}

/// Reads the targets as clients do. They may have the root before when they read the first version.
fn check_targets(proposal: &Proposal, targets: &[Signed<Targets>]) -> Result<(), Error> {
    let before = &proposal.draft().before.signed;
    for (at, each) in targets.iter().enumerate() {
        let refused = |source| Error::Targets {
            version: each.signed.version,
            source,
        };
        let read = Signed::<Targets>::parse(&each.encode()).map_err(refused)?;
        read.verify(proposal.next()).map_err(refused)?;
        if at == 0 {
            read.verify(before).map_err(refused)?;
        }
    }
    Ok(())
}
