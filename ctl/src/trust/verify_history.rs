//! `sigctl trust verify-history`: whether each publication follows from the one before it.

mod checks;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::{Gap, TrustedRoot, check_history, gaps};

use self::checks::Walk;
use super::publications::Publications;
use super::repository::Repository;
use super::sentences::moment;
use super::state_file;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;

/// What is checked.
#[derive(Args)]
#[command(after_help = "\
Ends with 3 if there was a time in which nothing of a kind counted.")]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// A folder with a TUF repository, such as a copy of one, in place of an instance.
    #[arg(long, value_name = "FOLDER", conflicts_with = "directory")]
    repository: Option<PathBuf>,
}

/// What was found to be so.
#[derive(Serialize)]
struct Sound {
    roots: usize,
    targets: usize,
    files: usize,
    gaps: Vec<ShownGap>,
}

#[derive(Serialize)]
struct ShownGap {
    of: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    after: time::OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    until: Option<time::OffsetDateTime>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let walk = match &arguments.repository {
        Some(folder) => Walk::through(&Repository::at(folder.clone()))?,
        None => of_instance(&arguments.instance.open()?)?,
    };
    let newest = newest(&walk)?;
    let sound = Sound {
        roots: walk.roots.len(),
        targets: walk.targets,
        files: walk.files,
        gaps: gaps(newest, SystemClock.now())
            .into_iter()
            .map(ShownGap::from)
            .collect(),
    };
    output.print(&sound, Sound::text);
    Ok(match sound.gaps.is_empty() {
        true => Exit::Done,
        false => Exit::Warned,
    })
}

/// What is wrong with the history in a folder, a sentence each.
pub(super) fn faults(repository: &Path) -> Result<Vec<String>, Failure> {
    Ok(Walk::through(&Repository::at(repository.to_owned()))?.faults)
}

/// The repository of an instance, and what only the instance knows: what it will publish next, and who published.
fn of_instance(instance: &Instance) -> Result<Walk, Failure> {
    let mut walk = Walk::through(&Repository::of(instance)?)?;
    let next = state_file::read(instance)?.trusted_root();
    let follows = match (&walk.trusted_root, next) {
        (Some(newest), Ok(next)) => check_history(newest, &next),
        (None, Ok(_)) => Ok(()),
        (_, Err(error)) => Err(error),
    };
    if let Err(error) = follows {
        let why = sigstead_kit::causes(&error);
        walk.fault(format!(
            "the trust state does not follow from what is published: {why}"
        ));
    }
    if let Some(defect) = Publications::of(instance)?.defect {
        walk.fault(format!(
            "the record of publications is not what was written: {defect}"
        ));
    }
    Ok(walk)
}

/// The newest trusted root, if nothing was wrong on the way to it.
fn newest(walk: &Walk) -> Result<&TrustedRoot, Failure> {
    match (&walk.trusted_root, walk.faults.as_slice()) {
        (Some(newest), []) => Ok(newest),
        (_, faults) => Err(Failure::new(
            "E-CTL-430",
            "the history of the trust root is not sound",
            "keep the repository as it is, compare it with a copy, and find out who could write it",
        )
        .because(faults.join("\n"))),
    }
}

impl Sound {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "{} roots, each the successor of the one before it; {} targets, each signed as a root said and taking nothing \
             back; {} files, each with the hash that is named",
            self.roots, self.targets, self.files
        )];
        lines.extend(self.gaps.iter().map(|gap| {
            let after = moment(gap.after);
            match gap.until.map(moment) {
                Some(until) => format!("no {} counts after {after} and before {until}", gap.of),
                None => format!("no {} counts after {after}", gap.of),
            }
        }));
        lines.join("\n")
    }
}

impl From<Gap> for ShownGap {
    fn from(gap: Gap) -> Self {
        let Gap { of, after, until } = gap;
        Self { of, after, until }
    }
}
