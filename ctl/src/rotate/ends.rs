//! The ends of old keys that open rotations will publish, so that people can sign them ahead.

use time::{Duration, OffsetDateTime};

use super::authority::{Authority, Chains};
use super::ca::{Ca, Intermediate, Root};
use super::plan::Phase;
use super::plan_file::PlanFile;
use super::tsa::Tsa;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::trust::ForeseenEnd;

/// Those of the chains of authorities, if people have signed by `signed_by`. When a log ends is not known before it is frozen.
pub(crate) fn ends_foreseen(
    instance: &Instance,
    signed_by: OffsetDateTime,
) -> Result<Vec<ForeseenEnd>, Failure> {
    let ends = [
        of::<Tsa>(instance, signed_by)?,
        of::<Ca<Intermediate>>(instance, signed_by)?,
        of::<Ca<Root>>(instance, signed_by)?,
    ];
    Ok(ends.into_iter().flatten().collect())
}

fn of<A: Authority>(
    instance: &Instance,
    signed_by: OffsetDateTime,
) -> Result<Option<ForeseenEnd>, Failure> {
    let plan = PlanFile::look::<Chains<A>>(instance)?;
    let has_successor = |phase| matches!(phase, Phase::Tried | Phase::Announced | Phase::Loaded);
    let plan = plan.filter(|plan| has_successor(plan.phase));
    Ok(plan.map(|plan| ForeseenEnd {
        what: format!(
            "rotation {} of {} ends the chain of before",
            plan.number,
            A::ROLE
        ),
        at: plan.latest_old_end(signed_by + SLACK),
        of: A::KIND,
        chain: plan.role.old_chain,
    }))
}

/// How long after the last day to sign the rotation may go on, so that the end that was signed is late enough.
const SLACK: Duration = Duration::days(7);
