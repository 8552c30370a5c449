//! What a ceremony has signed of the targets.

use sigstead_ceremony::{Planned, TargetsBefore};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Root, Signed, Targets};
use sigstead_trust_root::{Base64Bytes, Target, TrustState};
use time::OffsetDateTime;

use super::authority_kind::AuthorityKind;
use super::repository::Repository;
use super::{ahead, holders, state_file};
use crate::failure::Failure;
use crate::instance::Instance;

/// The end of a chain that is foreseen.
pub(crate) struct ForeseenEnd {
    /// Why it ends, for people.
    pub(crate) what: String,
    /// When it is due.
    pub(crate) at: OffsetDateTime,
    /// Of whose chain.
    pub(crate) of: AuthorityKind,
    /// Which.
    pub(crate) chain: Vec<Base64Bytes>,
}

/// The targets that clients have, with all files that they name, and who may sign them by `root`.
pub(crate) fn targets_before(instance: &Instance, root: &Root) -> Result<TargetsBefore, Failure> {
    let repository = Repository::of(instance)?;
    let targets: Signed<Targets> = repository.newest_signed()?;
    let mut files = Vec::new();
    for (name, meta) in &targets.signed.targets {
        files.push(Target {
            name: name.clone(),
            bytes: repository.target(&targets.signed, name)?,
            custom: meta.custom.clone(),
        });
    }
    Ok(TargetsBefore {
        holders: holders::of_targets(instance, root)?,
        highest_version: ahead::highest(instance, &targets.signed)?,
        targets,
        files,
    })
}

/// What the trust state says now, and after each end, in the order of time.
pub(crate) fn targets_to_sign(
    instance: &Instance,
    mut ends: Vec<ForeseenEnd>,
) -> Result<Vec<Planned>, Failure> {
    let state = state_file::read(instance)?;
    let mut planned = vec![Planned {
        what: "what the trust state says now".to_owned(),
        planned_for: SystemClock.now(),
        files: files(&state)?,
    }];
    ends.sort_by_key(|end| end.at);
    let mut later = state;
    for end in ends {
        let next = end.of.change(later.clone(), |chains| {
            chains.with_ended(&end.chain, end.at)
        });
        // One that ended meanwhile, as in an emergency, ends no more.
        let Ok(next) = next else { continue };
        if next == later {
            continue;
        }
        planned.push(Planned {
            what: end.what,
            planned_for: end.at,
            files: files(&next)?,
        });
        later = next;
    }
    Ok(planned)
}

fn files(state: &TrustState) -> Result<Vec<Target>, Failure> {
    state.targets().map_err(|error| {
        Failure::new(
            "E-CTL-032",
            "the trust state cannot be published",
            "compare trust/state.json with a copy of it; trust is only added to",
        )
        .because(sigstead_kit::causes(&error))
    })
}
