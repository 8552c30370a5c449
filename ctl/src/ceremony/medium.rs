//! The folder that goes from one machine to the next.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sigstead_ceremony::{Draft, Error, HolderName, Join, Partial, Proposal};

use super::refusal::refused;
use crate::failure::{Exit, Failure};
use crate::private;

/// A medium. Nothing on it is taken for what it says it is; nothing is written but whole.
pub(super) struct Medium<'a>(&'a Path);

impl<'a> Medium<'a> {
    pub(super) const fn at(folder: &'a Path) -> Self {
        Self(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The draft, which must be there.
    pub(super) fn draft(&self) -> Result<Draft, Failure> {
        let draft = self.find(DRAFT)?.ok_or_else(|| none(self.0))?;
        Draft::parse(&draft).map_err(|error| self.named(DRAFT, error))
    }

    /// Those who joined so far.
    pub(super) fn joins(&self) -> Result<Vec<Join>, Failure> {
        self.all(JOINS, Join::parse, |join| join.name().to_string())
    }

    /// The signatures so far.
    pub(super) fn partials(&self) -> Result<Vec<Partial>, Failure> {
        self.all(SIGNATURES, Partial::parse, Partial::file_stem)
    }

    /// What is to be signed.
    pub(super) fn proposal(&self) -> Result<Proposal, Failure> {
        Proposal::new(self.draft()?, self.joins()?).map_err(refused)
    }

    /// A file of the medium, if it is there.
    pub(super) fn find(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.path(name);
        match private::read(&path, LARGEST) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => read
                .map(Some)
                .map_err(|error| Failure::file("read", &path, error)),
        }
    }

    /// Refuses to write a file that is there.
    pub(super) fn refuse_existing(&self, name: &str) -> Result<(), Failure> {
        let path = self.path(name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Failure::file("look at", &path, error)),
            Ok(_) => Err(Failure::new(
                "E-CEREMONY-003",
                format!("{} is there already", path.display()),
                "nothing on a medium is written over; if it shall not count, remove it, or begin with an empty folder",
            )
            .exit(Exit::Refused)),
        }
    }

    /// Writes a file in one step, durably: the medium leaves the machine.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name);
        let failed = |error| Failure::file("write", &path, error);
        private::with_callers_umask(|| {
            sigstead_durable::create_directory(sigstead_durable::parent(&path))?;
            sigstead_durable::replace(&path, bytes)
        })
        .map_err(failed)
    }

    /// All files of a folder, each of which has the name of what is in it.
    pub(super) fn all<T>(
        &self,
        folder: &str,
        parse: impl Fn(&[u8]) -> Result<T, Error>,
        stem: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        for name in self.names(folder)? {
            let Some(bytes) = self.find(&name)? else {
                continue;
            };
            let value = parse(&bytes).map_err(|error| self.named(&name, error))?;
            if name != format!("{folder}/{}.json", stem(&value)) {
                return Err(renamed(&self.path(&name)));
            }
            all.push(value);
        }
        Ok(all)
    }

    /// The names of the JSON files in a folder; what a desk leaves there beside them is none of ours.
    fn names(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let path = self.path(folder);
        let failed = |error| Failure::file("read", &path, error);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_str().filter(|name| name.ends_with(".json"));
            names.extend(name.map(|name| format!("{folder}/{name}")));
        }
        names.sort();
        Ok(names)
    }

    pub(super) fn named(&self, name: &str, error: Error) -> Failure {
        let text = sigstead_kit::causes(&error);
        refused(error).because(format!("{}: {text}", self.path(name).display()))
    }
}

/// The file of a join.
pub(super) fn join_file(name: &HolderName) -> String {
    format!("{JOINS}/{name}.json")
}

/// The file of a signature.
pub(super) fn signature_file(partial: &Partial) -> String {
    format!("{SIGNATURES}/{}.json", partial.file_stem())
}

pub(super) fn none(folder: &Path) -> Failure {
    Failure::new(
        "E-CEREMONY-001",
        format!("{} is no medium of a ceremony", folder.display()),
        format!("name the folder that has {DRAFT} in it; `sigctl ceremony new` writes it"),
    )
    .exit(Exit::Refused)
}

fn renamed(path: &Path) -> Failure {
    Failure::new(
        "E-CEREMONY-002",
        format!("{} has another name than what is in it", path.display()),
        "copy the medium again from where it was right; its files are not renamed",
    )
    .exit(Exit::Refused)
}

pub(super) const DRAFT: &str = "draft.json";
pub(super) const ROOT: &str = "root.json";
pub(super) const TRANSCRIPT: &str = "transcript.json";
const JOINS: &str = "joins";
pub(super) const SIGNATURES: &str = "signatures";

/// A draft has a root in it, which is at most 99 KiB for some client, and the files of a few versions of the targets.
const LARGEST: u64 = 4 << 20;
