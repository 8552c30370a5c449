//! The rotation of the key of the timestamp authority, from the first step to the last.

use time::{Duration, OffsetDateTime};

use super::moment::{now, shown};
use super::plan::{Phase, Plan};
use super::plan_file::PlanFile;
use super::successors::{self, Successors, is_of};
use super::{key, trial};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::Output;
use crate::trust::{self, Change};

/// Goes on with a plan, as far as the time allows.
///
/// 1. The next key is made, and its certificate of the same root. Nobody knows them.
/// 2. They are tried: see [`trial::run`].
/// 3. Clients are told: the chain joins the trust state and is published. It counts from `counts_from` on, and the old one
///    counts on.
/// 4. The service gets the key, and signs with it from `signs_from` on, when clients have had the time to see the
///    publication.
/// 5. Once the next key signs and the drain is over, the old chain gets an end, and that is published.
///
/// A crash between 3 and 4 leaves clients a chain that signs nothing yet; one between 4 and 5 leaves an old chain that
/// counts longer than it must. Neither is seen by anybody who signs or verifies.
pub(super) async fn advance(
    plan: &mut Plan,
    file: &mut PlanFile<'_>,
    output: Output,
) -> Result<(), Failure> {
    let instance = file.instance;
    loop {
        let (next, what) = match plan.phase {
            Phase::Planned => (Phase::Prepared, prepare(instance, plan).await?),
            Phase::Prepared => {
                trial::run(instance, plan).await?;
                (Phase::Tried, "tried the next key and the draft".to_owned())
            }
            Phase::Tried => (Phase::Announced, announce(instance, plan).await?),
            Phase::Announced => (Phase::Loaded, load(instance, plan).await?),
            Phase::Loaded if plan.old_end().is_some_and(|end| end <= now()) => {
                (Phase::Retired, retire(instance, plan).await?)
            }
            Phase::Undoing => return undo(plan, file, output).await,
            Phase::Loaded => return trust::write_kit(instance),
            // An earlier run may not have come as far as putting the plan beside those before it.
            Phase::Retired | Phase::Undone => return file.write(plan),
        };
        output.progress(&what);
        plan.enter(next, what, now());
        file.write(plan)?;
    }
}

/// Takes the next key back.
///
/// 1. That it is taken back is written down.
/// 2. The service lets go of the key.
/// 3. If clients were told, the chain ends where it begins, so that it counts for no signature, and that is published.
/// 4. The files of the key are removed.
///
/// If the key began to sign because a run was interrupted between 1 and 2, the rotation goes on instead.
pub(super) async fn undo(
    plan: &mut Plan,
    file: &mut PlanFile<'_>,
    output: Output,
) -> Result<(), Failure> {
    let instance = file.instance;
    if plan.phase != Phase::Undoing {
        plan.refuse_late_undo(now())?;
        plan.enter(Phase::Undoing, "began to take the next key back", now());
        file.write(plan)?;
    }
    let mut listed = Successors::of(instance)?;
    if let Some(from) = listed.start_of(plan) {
        plan.signs_from = Some(from);
        if let Err(late) = plan.refuse_late_undo(now()) {
            plan.enter(
                Phase::Loaded,
                "the next key signs; the rotation goes on",
                now(),
            );
            file.write(plan)?;
            return Err(late);
        }
        listed.remove(plan);
        listed.write()?;
    }
    if plan.signs_from.is_some() {
        if let Some(late) = still_signs(instance, plan).await? {
            listed.add(instance, plan, late)?;
            listed.write()?;
            plan.enter(
                Phase::Loaded,
                "the next key signs; the rotation goes on",
                now(),
            );
            file.write(plan)?;
            return plan.refuse_late_undo(now());
        }
        successors::take_up(instance, plan, false).await?;
    }
    let mut change = Change::begin(instance).await?;
    if change.has_timestamp_chain(&plan.next_chain) {
        change.end_timestamp_chain(&plan.next_chain, plan.end_if_undone(now()))?;
        change.publish(trust::YEAR).await?;
    }
    key::remove(instance, plan)?;
    let what = "took the next key back";
    output.progress(what);
    plan.enter(Phase::Undone, what, now());
    file.write(plan)
}

/// From when on the running service signs with the next key, if it does: an earlier run did not come as far as having it let
/// go of the key in time.
async fn still_signs(instance: &Instance, plan: &Plan) -> Result<Option<OffsetDateTime>, Failure> {
    let keys = successors::open_keys(instance).await?;
    let signs = keys
        .iter()
        .any(|key| key.signs && is_of(key, &plan.next_chain));
    Ok(plan.signs_from.filter(|_| signs))
}

async fn prepare(instance: &Instance, plan: &mut Plan) -> Result<String, Failure> {
    let chain = key::make(instance, plan).await?;
    plan.next_chain = chain.iter().map(|each| each.to_der().into()).collect();
    let key = chain.first().map(|leaf| leaf.public_key().fingerprint());
    Ok(format!("made the key {}", key.unwrap_or_default()))
}

async fn announce(instance: &Instance, plan: &Plan) -> Result<String, Failure> {
    let mut change = Change::begin(instance).await?;
    change.append_timestamp_chain(plan.announced())?;
    let versions = change.publish(trust::YEAR).await?;
    Ok(format!(
        "announced the next key, with root {} and targets {}",
        versions.root, versions.targets
    ))
}

/// A run that was interrupted after the publication may go on long after; clients have their time all the same.
async fn load(instance: &Instance, plan: &mut Plan) -> Result<String, Failure> {
    let mut listed = Successors::of(instance)?;
    let from = match listed.start_of(plan) {
        // An earlier run came as far as that, and the service may have read it.
        Some(from) => from,
        None => {
            let from = plan.earliest_use().max(now() + SOONEST);
            listed.add(instance, plan, from)?;
            listed.write()?;
            from
        }
    };
    successors::take_up(instance, plan, true).await?;
    // A service that took the key up only now has signed with the old one until now.
    let from = from.max(now());
    plan.signs_from = Some(from);
    Ok(format!(
        "gave the next key to the service, which signs with it from {} on",
        shown(from)
    ))
}

async fn retire(instance: &Instance, plan: &Plan) -> Result<String, Failure> {
    let keys = successors::open_keys(instance).await?;
    let signs = keys
        .iter()
        .any(|key| key.signs && is_of(key, &plan.next_chain));
    if !signs {
        return Err(Failure::new(
            "E-CTL-291",
            "the timestamp authority does not sign with the next key; the old one was not ended",
            "compare its clock and tsa/successors.yaml with the plan: sigctl rotate tsa status",
        ));
    }
    let end = plan.old_end().unwrap_or_else(now);
    let mut change = Change::begin(instance).await?;
    change.end_timestamp_chain(&plan.old_chain, end)?;
    let versions = change.publish(trust::YEAR).await?;
    Ok(format!(
        "ended the old key at {}, with root {} and targets {}",
        shown(end),
        versions.root,
        versions.targets
    ))
}

/// Longer than the service takes to open a key, so that it has the key before it signs with it.
const SOONEST: Duration = Duration::seconds(2);
