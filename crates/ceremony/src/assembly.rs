//! Who has signed, and the root that enough signatures make.

use sigstead_trust_root::tuf::{Root, Signed};
use time::OffsetDateTime;

use crate::draft::TOLERANCE;
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
    let before = draft.before.signed.roles.get("root");
    let before = before.map(|role| role.threshold).unwrap_or_default();
    Ok(Tally {
        before: count(draft.holders_before.iter(), before, &over_this),
        next: count(proposal.holders(), draft.threshold, &over_this),
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

/// The next root with all signatures over it, which clients of the root before take, and those signatures by their keys.
/// `partials` may be in any order.
///
/// # Errors
/// If one of them does not verify or is dated after `now`, or too few are over the proposal.
pub(crate) fn assemble(
    proposal: &Proposal,
    partials: Vec<Partial>,
    now: OffsetDateTime,
) -> Result<(Signed<Root>, Vec<Partial>), Error> {
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
        return Err(why_less.unwrap_or(Error::Threshold(tally)));
    }
    partials.sort_by(|one, other| one.statement.key.cmp(&other.statement.key));
    let root = signed(proposal, &partials)?;
    check_result(proposal, &root)?;
    Ok((root, partials))
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
        root.add_signature(&holder.key, &partial.signature().unwrap_or_default());
    }
    Ok(root)
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
