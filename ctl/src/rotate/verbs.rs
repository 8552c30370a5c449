//! The verbs, which are the same for every role.

use super::arguments::{Times, Verb};
use super::moment::now;
use super::plan::Plan;
use super::plan_file::PlanFile;
use super::print::Shown;
use super::rotation::Rotation;
use super::{soak, steps};
use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(super) async fn run<R: Rotation>(verb: Verb, output: Output) -> Result<Exit, Failure> {
    match verb {
        Verb::Plan(times) => {
            let instance = times.instance.open()?;
            let file = PlanFile::take::<R>(&instance)?;
            let plan = new_plan::<R>(&times, &file)?;
            output.print(&Shown::of(&plan, plan.begun), |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Start(times) => {
            let instance = times.instance.open()?;
            let mut file = PlanFile::take::<R>(&instance)?;
            let mut plan = new_plan::<R>(&times, &file)?;
            // What the steps need is asked for before the first of them.
            R::check_services(&instance).await?;
            file.write(&plan)?;
            steps::advance(&mut plan, &mut file, output).await?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Status(instance) => {
            let instance = instance.open()?;
            let plan = PlanFile::take::<R>(&instance)?.newest::<R>()?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Resume(instance) => {
            let instance = instance.open()?;
            let mut file = PlanFile::take::<R>(&instance)?;
            let mut plan = file.open::<R>()?;
            steps::advance(&mut plan, &mut file, output).await?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(exit(&plan))
        }
        Verb::Undo(instance) => {
            let instance = instance.open()?;
            let mut file = PlanFile::take::<R>(&instance)?;
            let mut plan = file.open::<R>()?;
            steps::undo(&mut plan, &mut file, output).await?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(exit(&plan))
        }
    }
}

fn exit<R>(plan: &Plan<R>) -> Exit {
    match plan.phase.is_over() {
        true => Exit::Done,
        false => Exit::Waiting,
    }
}

fn new_plan<R: Rotation>(times: &Times, file: &PlanFile<'_>) -> Result<Plan<R>, Failure> {
    let instance = file.instance;
    file.refuse_open::<R>()?;
    let begun = now();
    let role = R::begin(instance, begun)?;
    let soak = R::soak(instance)?;
    let delay = times.delay.unwrap_or(soak);
    let plan = Plan::new(file.next_number::<R>()?, begun, delay, times.drain, role);
    if !times.accept_short_times {
        soak::refuse_shorter("a delay", delay, soak)?;
        soak::refuse_shorter("a drain", times.drain, R::least_drain(instance)?)?;
        R::refuse_early_end(&plan)?;
    }
    Ok(plan)
}
