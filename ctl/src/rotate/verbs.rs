//! The verbs, which are the same for every role.

use super::adoption::Adoption;
use super::arguments::{Times, Verb};
use super::foreseen::Foreseen;
use super::in_cluster::{self, alone, refuse_late_undo};
use super::moment::now;
use super::plan::{Phase, Plan};
use super::plan_file::PlanFile;
use super::print::Shown;
use super::rotation::Rotation;
use super::{rehearse, soak, steps};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::Output;
use crate::recorded::Recorded;

pub(super) async fn run<R: Rotation>(verb: Verb, output: Output) -> Result<Exit, Failure> {
    match verb {
        Verb::Plan(times) => {
            let instance = times.instance.open()?;
            let file = PlanFile::take::<R>(&instance)?;
            let plan = new_plan::<R>(&times, &file).await?;
            let foreseen = Foreseen::of(&instance, &plan)?;
            let shown = Shown::of(&plan, plan.begun).with_foreseen(foreseen);
            output.print(&shown, |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Rehearse(rehearsal) => rehearse::run::<R>(rehearsal, output).await,
        Verb::Start(times) => {
            let instance = times.instance.open()?;
            alone(&instance, R::ROLE, start::<R>(&instance, &times, output)).await
        }
        Verb::Status(instance) => {
            let instance = instance.open()?;
            let plan = PlanFile::take::<R>(&instance)?.newest::<R>()?;
            let adoption = Adoption::of(&instance, &plan).await;
            let shown = Shown::of(&plan, now()).with_adoption(adoption);
            output.print(&shown, |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Resume(instance) => {
            let instance = instance.open()?;
            alone(&instance, R::ROLE, resume::<R>(&instance, output)).await
        }
        Verb::Undo(instance) => {
            let instance = instance.open()?;
            alone(&instance, R::ROLE, undo::<R>(&instance, output)).await
        }
    }
}

async fn start<R: Rotation>(
    instance: &Instance,
    times: &Times,
    output: Output,
) -> Result<Exit, Failure> {
    let mut file = PlanFile::take::<R>(instance)?;
    let mut plan = new_plan::<R>(times, &file).await?;
    // What the steps need is asked for before the first of them.
    R::check_services(instance).await?;
    let recorded = recorded(instance, "start", &plan).await?;
    let done = match file.write(&plan) {
        Ok(()) => steps::advance(&mut plan, &mut file, output).await,
        Err(failure) => Err(failure),
    };
    recorded.end(done).await?;
    output.print(&Shown::of(&plan, now()), |shown| shown.text());
    Ok(Exit::Done)
}

async fn resume<R: Rotation>(instance: &Instance, output: Output) -> Result<Exit, Failure> {
    let mut file = PlanFile::take::<R>(instance)?;
    let mut plan = file.open::<R>()?;
    if is_waiting(instance, &plan)? {
        // Nothing is done, however often it is asked for.
        R::while_waiting(instance)?;
    } else {
        let recorded = recorded(instance, "resume", &plan).await?;
        let done = steps::advance(&mut plan, &mut file, output).await;
        recorded.end(done).await?;
    }
    output.print(&Shown::of(&plan, now()), |shown| shown.text());
    Ok(exit(&plan))
}

async fn undo<R: Rotation>(instance: &Instance, output: Output) -> Result<Exit, Failure> {
    let mut file = PlanFile::take::<R>(instance)?;
    let mut plan = file.open::<R>()?;
    refuse_late_undo(instance, &plan)?;
    let recorded = recorded(instance, "undo", &plan).await?;
    let done = steps::undo(&mut plan, &mut file, output).await;
    recorded.end(done).await?;
    output.print(&Shown::of(&plan, now()), |shown| shown.text());
    Ok(exit(&plan))
}

/// Records that something is about to be done with a plan.
async fn recorded<'a, R: Rotation>(
    instance: &'a Instance,
    verb: &str,
    plan: &Plan<R>,
) -> Result<Recorded<'a>, Failure> {
    let places = plan.next_key_at.iter().chain(&plan.second_key_at);
    let places: Vec<_> = places.map(ToString::to_string).collect();
    let asked = [
        ("rotation", plan.number.to_string()),
        ("delay", plan.delay.to_string()),
        ("drain", plan.drain.to_string()),
        (
            "next_key",
            match places.is_empty() {
                true => "in a file".to_owned(),
                false => places.join(" and "),
            },
        ),
    ];
    let method = format!("sigctl rotate {} {verb}", R::ROLE);
    Recorded::begin(instance, &method, &asked).await
}

/// Whether nothing is left to do before a time that is to come.
fn is_waiting<R: Rotation>(instance: &Instance, plan: &Plan<R>) -> Result<bool, Failure> {
    Ok(match plan.phase {
        Phase::Announced => now() < R::loads_from(plan),
        Phase::Loaded => !steps::may_end(instance, plan)?,
        _ => false,
    })
}

fn exit<R>(plan: &Plan<R>) -> Exit {
    match plan.phase.is_over() {
        true => Exit::Done,
        false => Exit::Waiting,
    }
}

async fn new_plan<R: Rotation>(times: &Times, file: &PlanFile<'_>) -> Result<Plan<R>, Failure> {
    let instance = file.instance;
    in_cluster::refuse(instance, R::ROLE)?;
    file.refuse_open::<R>()?;
    let begun = now();
    let role = R::begin(instance, begun).await?;
    let mut role = role.with_root(instance, times.root)?;
    let soak = R::soak(instance)?;
    let due = role.take_up(instance, &times.asked(begun, soak))?;
    let delay = times.delay.or(due).unwrap_or(soak);
    let least = R::least_drain(instance)?;
    let drain = times.drain.unwrap_or_else(|| soak::DRAIN.max(least));
    let signing = R::signing_key(instance, begun)?;
    let keys = &times.next_key;
    let places = keys.places(R::ROLE, R::KEY_NAMES, signing.as_ref())?;
    in_cluster::refuse_elsewhere(instance, R::ROLE, places.first())?;
    let mut places = places.into_iter();
    let mut plan = Plan::new(file.next_number::<R>()?, begun, delay, drain, role);
    plan.next_key_at = places.next();
    plan.second_key_at = places.next();
    if !times.accept_short_times {
        soak::refuse_shorter("a delay", delay, soak)?;
        soak::refuse_shorter("a drain", drain, least)?;
        R::refuse_early_end(&plan)?;
    }
    Ok(plan)
}
