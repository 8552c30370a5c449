//! What a proposal changes, told to people.

use sigstead_ceremony::{Proposal, TargetsDraft, sentences};
use sigstead_trust_root::tuf::Targets;
use sigstead_trust_root::{SigningConfig, TrustedRoot};

use crate::trust;

/// One sentence for each thing: of the root, of the keys, and of what each version of the targets has clients trust otherwise
/// than the one before it.
pub(super) fn changes(proposal: &Proposal) -> Vec<String> {
    let mut changes = sentences(proposal);
    if let Some(targets) = &proposal.draft().targets {
        let mut before = &targets.before.signed;
        for version in &targets.versions {
            changes.extend(of_version(targets, before, &version.targets));
            before = &version.targets;
        }
    }
    changes
}

fn of_version(drafted: &TargetsDraft, before: &Targets, next: &Targets) -> Vec<String> {
    let trusted_root = |targets: &Targets| {
        let file = drafted.file(targets, "trusted_root.json");
        TrustedRoot::parse(file.unwrap_or_default()).unwrap_or_default()
    };
    let signing_config = |targets: &Targets| {
        let file = drafted.file(targets, "signing_config.v0.2.json");
        SigningConfig::parse(file.unwrap_or_default()).ok()
    };
    let mut changes = trust::of_trusted_roots(&trusted_root(before), &trusted_root(next));
    if let Some(config) = signing_config(next) {
        changes.extend(trust::of_signing_configs(
            signing_config(before).as_ref(),
            &config,
        ));
    }
    changes.extend(of_other_files(before, next));
    if changes.is_empty() {
        changes.push("says the same as the one before".to_owned());
    }
    let told = changes.into_iter();
    told.map(|change| format!("targets {}: {change}", next.version))
        .collect()
}

/// All that a sentence cannot say more of than that it is there.
fn of_other_files(before: &Targets, next: &Targets) -> Vec<String> {
    let told = ["trusted_root.json", "signing_config.v0.2.json"];
    let names = before.targets.keys().chain(next.targets.keys());
    let names: std::collections::BTreeSet<_> = names.collect();
    let others = names
        .into_iter()
        .filter(|name| !told.contains(&name.as_str()));
    let changed = others.filter(|name| before.targets.get(*name) != next.targets.get(*name));
    let told = changed.map(
        |name| match (before.targets.get(name), next.targets.get(name)) {
            (None, _) => format!("{name} is new"),
            (_, None) => format!("{name} is gone"),
            (Some(_), Some(_)) => format!("{name} is another"),
        },
    );
    told.collect()
}
