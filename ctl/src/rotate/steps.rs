//! A rotation, from the first step to the last.

use super::adoption;
use super::moment::{now, shown};
use super::plan::{Phase, Plan};
use super::plan_file::PlanFile;
use super::rotation::{Rotation, Undo};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::Output;

/// Goes on with a plan, as far as the time allows.
///
/// 1. The next key is made. Nobody knows it.
/// 2. It is tried, as the service will use it and as clients will see it.
/// 3. Clients are told. It counts from `counts_from` on, and the old one counts on.
/// 4. The service gets the key, and signs with it from `signs_from` on, when clients have had the time to see it.
/// 5. Once the next key signs and the drain is over, the old one gets an end.
///
/// A crash between 3 and 4 leaves clients a key that signs nothing yet; one between 4 and 5 leaves an old key that counts
/// longer than it must. Neither is seen by anybody who signs or verifies.
pub(super) async fn advance<R: Rotation>(
    plan: &mut Plan<R>,
    file: &mut PlanFile<'_>,
    output: Output,
) -> Result<(), Failure> {
    let instance = file.instance;
    loop {
        let (next, what) = match plan.phase {
            Phase::Planned => (Phase::Prepared, R::prepare(instance, plan).await?),
            Phase::Prepared => (Phase::Tried, R::try_out(instance, plan).await?),
            Phase::Tried => (Phase::Announced, R::announce(instance, plan).await?),
            Phase::Announced if now() < R::loads_from(plan) => return R::while_waiting(instance),
            Phase::Announced => (Phase::Loaded, R::load(instance, plan).await?),
            Phase::Loaded if may_end(instance, plan)? => {
                (Phase::Retired, R::retire(instance, plan).await?)
            }
            Phase::Undoing => return undo(plan, file, output).await,
            Phase::Loaded => return R::while_waiting(instance),
            // An earlier run may not have come as far as putting the plan beside those before it.
            Phase::Retired | Phase::Undone => return file.write(plan),
        };
        output.progress(&what);
        plan.announced_in = plan
            .announced_in
            .or(adoption::version::<R>(instance, next)?);
        plan.enter(next, what, now());
        file.write(plan)?;
    }
}

/// Whether the old key may end now.
pub(super) fn may_end<R: Rotation>(instance: &Instance, plan: &Plan<R>) -> Result<bool, Failure> {
    let is_over = plan.old_end().is_some_and(|end| end <= now());
    Ok(is_over || R::is_free(instance, plan)?)
}

/// Takes the next key back, which is written down first.
///
/// If the key began to sign because a run was interrupted before the service let go of it, the rotation goes on instead.
pub(super) async fn undo<R: Rotation>(
    plan: &mut Plan<R>,
    file: &mut PlanFile<'_>,
    output: Output,
) -> Result<(), Failure> {
    if plan.phase != Phase::Undoing {
        plan.refuse_late_undo(now())?;
        plan.enter(Phase::Undoing, "began to take the next key back", now());
        file.write(plan)?;
    }
    match R::take_back(file.instance, plan).await? {
        Undo::Done => {
            let what = "took the next key back";
            output.progress(what);
            plan.enter(Phase::Undone, what, now());
            file.write(plan)
        }
        Undo::NotBefore(time) => {
            output.progress(&format!(
                "the next key is announced no more; the rest is done after {}",
                shown(time)
            ));
            file.write(plan)
        }
        Undo::TooLate => {
            let what = "the next key signs; the rotation goes on";
            plan.enter(Phase::Loaded, what, now());
            file.write(plan)?;
            plan.refuse_late_undo(now())
        }
    }
}
