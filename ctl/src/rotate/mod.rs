//! `sigctl rotate`: the next key of a role, made, tried, announced, taken up and, in the end, left alone.
//!
//! One [`Plan`] holds what is done and what is to come. Each step is written down before the next begins and can be done
//! again, so that a command that was interrupted is run again as `resume`.

mod key;
mod moment;
mod plan;
mod plan_file;
mod print;
mod private_service;
mod soak;
mod successors;
mod trial;
mod tsa;

use clap::{Args, Subcommand};
use sigstead_kit::Period;

use crate::failure::{Exit, Failure};
use crate::locate::Where;
use crate::output::Output;
use crate::trust::Change;

use moment::now;
use plan::Plan;
use plan_file::PlanFile;
use print::Shown;
use successors::Successors;

/// What is rotated, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// The key of the timestamp authority.
    Tsa {
        #[command(subcommand)]
        verb: Verb,
    },
}

#[derive(Subcommand)]
enum Verb {
    /// Say what a rotation would do and when; nothing is changed.
    Plan(Times),
    /// Make the next key, try it, announce it to clients and give it to the service.
    Start(Times),
    /// Say how far the rotation has come and what is next.
    Status(Where),
    /// Go on with the rotation as far as the time allows.
    Resume(Where),
    /// Take the next key back, before it signs.
    Undo(Where),
}

/// When a rotation does what.
#[derive(Args)]
struct Times {
    #[command(flatten)]
    instance: Where,

    /// When the next key begins to sign, from now. Default: when every client that keeps the rules has seen it.
    #[arg(long = "in", value_name = "PERIOD")]
    delay: Option<Period>,

    /// How long the old key counts on after it signed for the last time.
    #[arg(long, value_name = "PERIOD", default_value = "1h")]
    drain: Period,

    /// Take a shorter time than clients need. Those that have not seen the next key refuse what it signs.
    #[arg(long)]
    accept_short_times: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let Role::Tsa { verb } = arguments.role;
    match verb {
        Verb::Plan(times) => {
            let instance = times.instance.open()?;
            let file = PlanFile::take(&instance)?;
            let plan = times.plan(&file)?;
            output.print(&Shown::of(&plan, plan.begun), |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Start(times) => {
            let instance = times.instance.open()?;
            let mut file = PlanFile::take(&instance)?;
            let mut plan = times.plan(&file)?;
            // What the steps need is asked for before the first of them.
            successors::open_keys(&instance).await?;
            drop(Change::begin(&instance).await?);
            file.write(&plan)?;
            tsa::advance(&mut plan, &mut file, output).await?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Status(instance) => {
            let instance = instance.open()?;
            let plan = PlanFile::take(&instance)?.newest()?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(Exit::Done)
        }
        Verb::Resume(instance) => {
            let instance = instance.open()?;
            let mut file = PlanFile::take(&instance)?;
            let mut plan = file.open()?;
            tsa::advance(&mut plan, &mut file, output).await?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(match plan.phase.is_over() {
                true => Exit::Done,
                false => Exit::Waiting,
            })
        }
        Verb::Undo(instance) => {
            let instance = instance.open()?;
            let mut file = PlanFile::take(&instance)?;
            let mut plan = file.open()?;
            tsa::undo(&mut plan, &mut file, output).await?;
            output.print(&Shown::of(&plan, now()), |shown| shown.text());
            Ok(Exit::Done)
        }
    }
}

impl Times {
    fn plan(&self, file: &PlanFile<'_>) -> Result<Plan, Failure> {
        file.refuse_open()?;
        Successors::of(file.instance)?;
        key::check(file.instance)?;
        let soak = soak::of(file.instance)?;
        let delay = self.delay.unwrap_or(soak);
        let plan = Plan::new(file.instance, file.next_number()?, now(), delay, self.drain)?;
        if !self.accept_short_times {
            soak::refuse_shorter(delay, soak, self.drain)?;
            plan.refuse_early_end()?;
        }
        Ok(plan)
    }
}
