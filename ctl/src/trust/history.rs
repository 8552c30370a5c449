//! `sigctl trust history`: how trust changed, one publication after the other.

use std::fs;

use clap::Args;
use serde::Serialize;
use sigstead_trust_root::tuf::{Role, Root, Targets};
use time::OffsetDateTime;

use super::publications::Publications;
use super::repository::Repository;
use super::sentences::{self, moment};
use super::versions::Documents;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::{Output, one_line};

/// Which instance.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

/// One publication.
#[derive(Serialize)]
pub(super) struct Transition {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    root: Option<u64>,
    targets: Option<u64>,
    /// The command that published; none before publications were recorded. Then the time is that of the file.
    act: Option<String>,
    who: Option<String>,
    changes: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let transitions = look(&instance)?;
    output.print(&transitions, |transitions| {
        let lines = transitions.iter().flat_map(Transition::lines);
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// All publications of an instance, the oldest first.
pub(super) fn look(instance: &Instance) -> Result<Vec<Transition>, Failure> {
    let repository = Repository::of(instance)?;
    let publications = Publications::of(instance)?;
    let mut transitions = roots(&repository, &publications)?;
    transitions.extend(targets(&repository, &publications)?);
    // Both are in the order of their versions already, which stays where times are equal.
    transitions.sort_by_key(|each| (each.at, each.root.is_none()));
    let mut joined: Vec<Transition> = Vec::new();
    for each in transitions {
        match joined.last_mut() {
            Some(before) if before.is_of_the_same(&each) => before.join(each),
            _ => joined.push(each),
        }
    }
    Ok(joined)
}

fn roots(repository: &Repository, publications: &Publications) -> Result<Vec<Transition>, Failure> {
    let mut transitions = Vec::new();
    let mut before: Option<Root> = None;
    for version in repository.versions(Root::NAME)? {
        let root = repository.version::<Root>(version)?.signed;
        let changes = sentences::of_roots(before.as_ref(), &root);
        let published = Transition::of(repository, publications, &root)?;
        transitions.push(Transition {
            root: Some(version),
            changes,
            ..published
        });
        before = Some(root);
    }
    Ok(transitions)
}

fn targets(
    repository: &Repository,
    publications: &Publications,
) -> Result<Vec<Transition>, Failure> {
    let mut transitions = Vec::new();
    let mut before: Option<(Targets, Documents)> = None;
    for version in repository.versions(Targets::NAME)? {
        let targets = repository.version::<Targets>(version)?.signed;
        let documents = Documents::of(repository, &targets)?;
        let earlier = before.as_ref();
        let mut changes = documents.changes(earlier.map(|(_, documents)| documents));
        let others = sentences::of_targets(earlier.map(|(targets, _)| targets), &targets);
        changes.extend(others);
        let published = Transition::of(repository, publications, &targets)?;
        transitions.push(Transition {
            targets: Some(version),
            changes,
            ..published
        });
        before = Some((targets, documents));
    }
    Ok(transitions)
}

impl Transition {
    /// When and by what a version was published.
    fn of<T: Role>(
        repository: &Repository,
        publications: &Publications,
        metadata: &T,
    ) -> Result<Self, Failure> {
        let published = publications.of_version(T::NAME, metadata.version());
        let at = match published {
            Some(published) => published.at,
            None => written(repository, &metadata.file_name())?,
        };
        Ok(Self {
            at,
            root: None,
            targets: None,
            act: published.map(|published| published.act.clone()),
            who: published.map(|published| published.who.clone()),
            changes: Vec::new(),
        })
    }

    /// Whether another version came with it: by the record, or else in the same second.
    fn is_of_the_same(&self, other: &Self) -> bool {
        let is_at_once = match self.act.is_some() {
            true => self.at == other.at,
            false => self.at.unix_timestamp() == other.at.unix_timestamp(),
        };
        is_at_once && self.act == other.act && self.targets.is_none() && other.root.is_none()
    }

    fn join(&mut self, targets: Self) {
        self.targets = targets.targets;
        self.changes.extend(targets.changes);
    }

    fn lines(&self) -> Vec<String> {
        let versions = [("root", self.root), ("targets", self.targets)];
        let versions = versions
            .into_iter()
            .filter_map(|(role, version)| Some(format!("{role} {}", version?)));
        let versions = versions.collect::<Vec<_>>().join(", ");
        let by = match (&self.act, &self.who) {
            (Some(act), Some(who)) => format!("{act}, by {who}"),
            _ => "the time is that of the file".to_owned(),
        };
        let at = moment(self.at.truncate_to_second());
        let mut lines = vec![one_line(&format!("{at}  {versions}  ({by})"))];
        lines.extend(
            self.changes
                .iter()
                .map(|change| format!("  {}", one_line(change))),
        );
        lines
    }
}

fn written(repository: &Repository, file: &str) -> Result<OffsetDateTime, Failure> {
    let path = repository.directory().join(file);
    let written = fs::metadata(&path).and_then(|metadata| metadata.modified());
    let written = written.map_err(|error| Failure::file("read", &path, error))?;
    Ok(written.into())
}
