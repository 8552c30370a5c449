//! The rules that the next root keeps, looked at before anybody signs.

use std::collections::BTreeMap;

use sigstead_trust_root::tuf::{Role as _, Root, Targets, TufKey, TufKeyId};
use time::{Duration, OffsetDateTime};

use crate::draft::Draft;
use crate::error::Error;
use crate::holder::Holder;
use crate::proposal::Proposal;

/// Looks whether a draft keeps the rules, whatever keys are brought to it.
///
/// # Errors
/// If it breaks one.
pub fn lint_draft(draft: &Draft, now: OffsetDateTime) -> Result<(), Error> {
    let threshold = draft.threshold as usize;
    let holders = draft.stay.len() + draft.invited.len();
    if threshold < 2 {
        return broken("one person alone could sign the next root: let at least two sign");
    }
    if threshold > holders {
        return broken(format!(
            "{threshold} must sign the next root, and {holders} can"
        ));
    }
    if holders > MOST_HOLDERS {
        return broken(format!("a root has at most {MOST_HOLDERS} holders"));
    }
    if draft.expires <= draft.sign_until || draft.expires <= now {
        return broken("the next root ends before the time to sign it does");
    }
    match draft.expires > draft.made_at + LONGEST {
        true => broken("the next root counts for more than three years"),
        false => Ok(()),
    }
}

/// Looks whether a proposal keeps the rules, and gives what is allowed and should be known.
///
/// # Errors
/// If it breaks one.
pub fn lint(proposal: &Proposal, now: OffsetDateTime) -> Result<Vec<String>, Error> {
    lint_draft(proposal.draft(), now)?;
    let holders: Vec<_> = proposal.holders().collect();
    lint_keys(proposal, &holders, now)?;
    if let Some(targets) = &proposal.draft().targets {
        targets.lint()?;
    }
    let mut warnings = Vec::new();
    if holders.len() == proposal.draft().threshold as usize {
        warnings.push(
            "every holder must sign: if one key is lost, no root can be made any more".to_owned(),
        );
    }
    let expires = proposal.next().expires;
    let soon = holders.iter().filter_map(|holder| {
        let until = holder.until.filter(|until| *until < expires)?;
        Some(format!(
            "the key of {} ends on {}, before the root does",
            holder.name,
            until.date()
        ))
    });
    warnings.extend(soon);
    Ok(warnings)
}

fn lint_keys(proposal: &Proposal, holders: &[&Holder], now: OffsetDateTime) -> Result<(), Error> {
    for holder in holders {
        if holder.key.public_key().is_none() {
            return broken(format!("clients do not check the key of {}", holder.name));
        }
        holder.check_end(now)?;
    }
    let next = proposal.next();
    // A client that does not know the kind of a key may refuse the whole root, whatever its thresholds are.
    if let Some(id) = unknown(next) {
        return broken(format!(
            "clients do not check the key {id} of the next root"
        ));
    }
    let roles = next.roles.iter();
    // Where the holders sign root and targets, they do so with the same keys.
    let apart = roles.filter(|(role, _)| !is_held(proposal, role) || *role == Root::NAME);
    let named: usize = apart.map(|(_, role)| role.keyids.len()).sum();
    match named == next.keys.len() {
        true => Ok(()),
        false => broken("a key has two roles"),
    }
}

fn unknown(root: &Root) -> Option<&TufKeyId> {
    let mut keys = root.keys.iter();
    keys.find(|(_, key)| key.public_key().is_none())
        .map(|(id, _)| id)
}

/// The root before and the next one with throw-away keys in place of those of the holders, so that signing, encoding and the step
/// from one to the other are tried before a key that counts is used. `keys` has one for each of [`signing_keys`].
#[must_use]
pub fn rehearsal(proposal: &Proposal, keys: &BTreeMap<TufKeyId, TufKey>) -> (Root, Root) {
    let substituted = |root: &Root| {
        let held = root.roles.iter();
        let held = held.filter(|(role, _)| is_held(proposal, role));
        held.fold(root.clone(), |root, (name, role)| {
            let ours = role.keyids.iter().filter_map(|id| keys.get(id).cloned());
            let ours: Vec<_> = ours.collect();
            root.with_role(name, &ours, role.threshold)
        })
    };
    (
        substituted(&proposal.draft().before.signed),
        substituted(proposal.next()),
    )
}

/// Whether the holders sign for a role.
fn is_held(proposal: &Proposal, role: &str) -> bool {
    role == Root::NAME || (role == Targets::NAME && proposal.draft().targets.is_some())
}

/// The identifiers of the keys of the roles that the holders sign for, of both roots, each once.
#[must_use]
pub fn signing_keys(proposal: &Proposal) -> Vec<TufKeyId> {
    let draft = proposal.draft();
    let targets = draft.targets.iter();
    let of_targets = targets.flat_map(|targets| &targets.holders_before);
    let holders = proposal.holders().chain(&draft.holders_before);
    let holders = holders.chain(of_targets);
    let mut ids: Vec<_> = holders.map(Holder::key_id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// What sigstore-java reads of a root.
pub(crate) const LARGEST_FILE: usize = 99 << 10;

/// Far below what fills such a file with keys and signatures.
const MOST_HOLDERS: usize = 20;

const LONGEST: Duration = Duration::days(3 * 366);

fn broken(rule: impl Into<String>) -> Result<(), Error> {
    Err(Error::Rule(rule.into()))
}
