//! `sigctl upgrade`: makes of an instance of an earlier release what this release makes.
//!
//! 1. Everything that lasts is looked at. A format that this release does not know ends the command.
//! 2. The instance is backed up.
//! 3. Each step that is due is taken. Whether it is due is seen in the files, so a run that was interrupted goes on where it was.

mod component;
mod due;
mod heads;
mod setting;
mod step;
mod submitters;
mod within;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::backup::{Making, Subject, Target, take};
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, SERVICES};
use crate::locate::Where;
use crate::output::Output;
use crate::process::Process;
use crate::{log, rotations, trust};

use component::Component;
use step::Step;

/// Which instance, and whether it is only looked at.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// Say what would be changed, and change nothing; ends with 3 if there is something.
    #[arg(long, conflicts_with_all = ["backup", "without_backup"])]
    check: bool,

    /// Where the backup is made to that comes first: a folder, a file, or `s3://BUCKET/PREFIX`.
    #[arg(long, value_name = "TARGET", required_unless_present_any = ["check", "without_backup"])]
    backup: Option<Target>,

    /// Make no backup, for there is one.
    #[arg(long, conflicts_with = "backup")]
    without_backup: bool,

    /// The directory of the logs' anchors, outside of the instance, if it has them inside. Default: as of `sigctl init`.
    #[arg(long, value_name = "DIR")]
    anchors: Option<PathBuf>,

    #[command(flatten)]
    making: Making,
}

#[derive(Serialize)]
struct Looked {
    instance: String,
    components: Vec<Component>,
    /// What is to be changed.
    due: Vec<String>,
}

#[derive(Serialize)]
struct Upgraded {
    instance: String,
    /// Absent where none was asked for, or nothing was to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<Target>,
    /// What there is to be seen to in the backup.
    warnings: Vec<String>,
    /// What was changed.
    done: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let instance = arguments.instance.open()?;
    let components = component::all(&instance)?;
    let steps = due::steps(&instance)?;
    if arguments.check {
        let looked = Looked {
            instance: instance.manifest.name,
            due: steps.iter().map(Step::what).collect(),
            components,
        };
        output.print(&looked, looked_text);
        return Ok(exit(looked.due.is_empty()));
    }
    let upgraded = upgrade(&instance, steps, &arguments, output).await?;
    output.print(&upgraded, upgraded_text);
    Ok(exit(upgraded.warnings.is_empty()))
}

fn exit(is_clean: bool) -> Exit {
    match is_clean {
        true => Exit::Done,
        false => Exit::Warned,
    }
}

async fn upgrade(
    instance: &Instance,
    steps: Vec<Step>,
    arguments: &Arguments,
    output: Output,
) -> Result<Upgraded, Failure> {
    let mut upgraded = Upgraded {
        instance: instance.manifest.name.clone(),
        backup: None,
        warnings: Vec::new(),
        done: Vec::new(),
    };
    if steps.is_empty() {
        return Ok(upgraded);
    }
    refuse_running(instance)?;
    refuse_open_plan(instance)?;
    if let Some(to) = &arguments.backup {
        let subject = Subject::Instance(instance.clone());
        let taken = take(&subject, to.clone(), &arguments.making, output).await?;
        upgraded.warnings = taken.warnings();
        upgraded.backup = Some(taken.file);
    }
    // Nobody publishes or rotates meanwhile.
    let has_trust = instance.path("trust").is_dir();
    let _turn = has_trust.then(|| trust::Turn::take(instance)).transpose()?;
    // The backup took its time.
    refuse_running(instance)?;
    for step in steps {
        step.take(instance, arguments.anchors.as_deref()).await?;
        upgraded.done.push(step.what());
    }
    Ok(upgraded)
}

/// A service reads its files at its start, and a log writes to its anchor.
fn refuse_running(instance: &Instance) -> Result<(), Failure> {
    let running = SERVICES
        .into_iter()
        .find(|service| Process::find(instance, *service).is_some());
    if let Some(service) = running {
        return Err(Failure::new(
            "E-CTL-390",
            format!("{} runs, and would not see what is changed", service.name()),
            "stop the instance with `sigctl down` or `systemctl stop`, then run the command again",
        ));
    }
    log::refuse_used(instance)
}

fn refuse_open_plan(instance: &Instance) -> Result<(), Failure> {
    let folder = rotations::folder(instance);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut plans = entries.map(|entry| entry.path());
    let open = plans.find(|path| path.extension().is_some_and(|ending| ending == "json"));
    match open {
        None => Ok(()),
        Some(plan) => Err(Failure::new(
            "E-CTL-391",
            format!("a rotation is open: {}", plan.display()),
            "bring it to its end, or undo it, with the release that began it: sigctl rotate ROLE status",
        )),
    }
}

fn looked_text(looked: &Looked) -> String {
    let mut lines: Vec<_> = looked.components.iter().map(Component::line).collect();
    lines.extend(looked.due.iter().map(|what| format!("to do: {what}")));
    if looked.due.is_empty() {
        lines.push(format!("{} is as this release makes it", looked.instance));
    }
    lines.join("\n")
}

fn upgraded_text(upgraded: &Upgraded) -> String {
    if upgraded.done.is_empty() {
        return format!("{} is as this release makes it", upgraded.instance);
    }
    let backup = upgraded.backup.as_ref();
    let mut lines: Vec<_> = backup
        .map(|file| format!("backed up to {file}"))
        .into_iter()
        .collect();
    lines.extend(
        upgraded
            .warnings
            .iter()
            .map(|what| format!("  warn  {what}")),
    );
    lines.extend(upgraded.done.iter().map(|what| format!("done: {what}")));
    lines.push("then start it: sigctl up".to_owned());
    lines.join("\n")
}
