//! What changes, told to people.

use sigstead_trust_root::tuf::{RoleKeys, Root};

use crate::holder::Holder;
use crate::proposal::Proposal;
use crate::targets::TargetsDraft;

/// One sentence for each thing that the next root says otherwise than the one before, and one for what stays.
#[must_use]
pub fn sentences(proposal: &Proposal) -> Vec<String> {
    let draft = proposal.draft();
    let (before, next) = (&draft.before.signed, proposal.next());
    let mut sentences = vec![
        format!(
            "instance {}: root {} becomes root {}; draft {} of {}",
            draft.instance,
            before.version,
            next.version,
            draft.number,
            draft.made_at.date()
        ),
        format!(
            "expires {} (was {}); to be signed until {}",
            next.expires.date(),
            before.expires.date(),
            draft.sign_until.date()
        ),
        threshold(before, next),
    ];
    sentences.extend(holders(proposal));
    sentences.extend(draft.targets.iter().flat_map(targets));
    sentences.extend(other_roles(proposal));
    sentences
}

fn targets(targets: &TargetsDraft) -> Vec<String> {
    let versions = targets.versions.iter().map(|version| {
        format!(
            "targets {}, planned for {}: {}",
            version.targets.version,
            version.planned_for.date(),
            version.what
        )
    });
    let held = format!(
        "the same holders sign the targets, of which {} is published now",
        targets.before.signed.version
    );
    std::iter::once(held).chain(versions).collect()
}

fn holders(proposal: &Proposal) -> Vec<String> {
    let before = &proposal.draft().holders_before;
    let next: Vec<_> = proposal.holders().collect();
    let is_next = |holder: &&Holder| next.iter().any(|next| next.key == holder.key);
    let was_before = |holder: &&&Holder| before.contains(holder);
    let leaves = before.iter().filter(|holder| !is_next(holder));
    let joins = next.iter().filter(|holder| !was_before(holder));
    let stays = next.iter().filter(was_before);
    let leaves = leaves.map(|holder| told("leaves:", holder));
    let joins = joins.map(|holder| told("joins:", holder));
    let stays = stays.map(|holder| told("stays:", holder));
    leaves.chain(joins).chain(stays).collect()
}

fn threshold(before: &Root, next: &Root) -> String {
    let of = |root: &Root| {
        let role = root.roles.get("root");
        role.map_or((0, 0), |role| (role.threshold, role.keyids.len()))
    };
    let ((was, of_before), (now, of_next)) = (of(before), of(next));
    match (was, of_before) == (now, of_next) {
        true => format!("signed by {now} of {of_next}, as before"),
        false => format!("signed by {now} of {of_next} from now on (was {was} of {of_before})"),
    }
}

fn other_roles(proposal: &Proposal) -> Vec<String> {
    let (before, next) = (&proposal.draft().before.signed, proposal.next());
    let are_held = |role: &str| role == "targets" && proposal.draft().targets.is_some();
    let others = next.roles.iter();
    let others = others.filter(|(role, _)| *role != "root" && !are_held(role));
    let (same, changed): (Vec<_>, Vec<_>) =
        others.partition(|(role, keys)| before.roles.get(*role) == Some(*keys));
    let names = |roles: &[(&String, _)]| {
        let names: Vec<_> = roles.iter().map(|(role, _)| role.as_str()).collect();
        names.join(", ")
    };
    let unchanged = format!("unchanged: the keys of {}", names(&same));
    let changed = changed.into_iter().map(|(role, keys)| {
        let was = before.roles.get(role).map(short_ids).unwrap_or_default();
        format!("{role}: key {} from now on (was {was})", short_ids(keys))
    });
    changed.chain([unchanged]).collect()
}

fn short_ids(keys: &RoleKeys) -> String {
    let ids = keys.keyids.iter();
    let ids: Vec<_> = ids
        .map(|id| id.to_string().chars().take(8).collect::<String>())
        .collect();
    ids.join(", ")
}

fn told(what: &str, holder: &Holder) -> String {
    let until = holder
        .until
        .map(|until| format!(", until {}", until.date()));
    format!(
        "{what} {} with key {}{}",
        holder.name,
        holder.short_key_id(),
        until.unwrap_or_default()
    )
}
