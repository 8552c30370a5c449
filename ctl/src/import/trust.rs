//! What clients trust, believed by the root that was compared once, and by nothing on the medium.

mod copy;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Role as _, Root, Signed, Targets};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::output::Output;
use crate::trust::Fingerprint;
use crate::trust_batch;
use crate::walk::{File, Repository, Walk, Wrong};
use copy::Copy;

/// What came of it.
#[derive(Serialize)]
struct Imported {
    /// 0 where there was no copy.
    root_before: u64,
    root_version: u64,
    root_words: String,
    targets_before: u64,
    targets_version: u64,
    /// When clients stop to take it: a newer batch has to be there before.
    #[serde(with = "time::serde::rfc3339")]
    good_until: OffsetDateTime,
    /// How many files are new in the copy.
    added: usize,
}

pub(super) async fn run(
    batch: &Path,
    given: Option<&Path>,
    into: &Path,
    output: Output,
) -> Result<(), Failure> {
    let imported = import(batch, given, into).await?;
    output.print(&imported, Imported::sentence);
    Ok(())
}

/// How a batch is taken, and what a crash between two steps leaves behind:
///
/// 1. The copy is read, and the clock compared with the time of its last batch. Nothing is written.
/// 2. The batch is walked through as a client does, from the newest root of the copy, to every file that it names.
/// 3. What was found is compared with the copy: no version goes back, and none has two contents.
/// 4. The files are written, each before what names it, the timestamp last. A crash leaves files that nothing names yet, and
///    clients see the copy as it was.
/// 5. The files are laid out by their names, for those who do not walk. A crash leaves the older ones; the next import of the
///    same batch mends that.
async fn import(batch: &Path, given: Option<&Path>, into: &Path) -> Result<Imported, Failure> {
    let now = SystemClock.now();
    let copy = Copy::open(into, given).await?;
    copy.expect_time(now)?;
    let batch = Batch::read(batch, &copy, now).await?;
    copy.expect_newer(&batch.walk, &batch.root)?;
    let root = batch.root_file(&copy);
    let added = copy.add(&batch.in_order(root))?;
    copy.lay_out(&batch.by_name(root))?;
    copy.record(now, batch.exported, added > 0)?;
    Ok(Imported {
        root_before: copy.version_of(Root::NAME),
        root_version: batch.root.version,
        root_words: Fingerprint::of(&root.bytes).words,
        targets_before: copy.version_of(Targets::NAME),
        targets_version: batch.targets.version,
        good_until: batch.walk.good_until().unwrap_or(now),
        added,
    })
}

impl Imported {
    fn sentence(&self) -> String {
        let until = self.good_until.date();
        let what = match self.added {
            0 => "nothing new".to_owned(),
            added => format!("{added} new files"),
        };
        let root = changed(self.root_before, self.root_version);
        let targets = changed(self.targets_before, self.targets_version);
        format!(
            "{what}: root {root}, targets {targets}; bring the next batch before {until}\n  root {}",
            self.root_words
        )
    }
}

fn changed(before: u64, after: u64) -> String {
    match before == after {
        true => after.to_string(),
        false => format!("{before} -> {after}"),
    }
}

/// A batch that a client takes.
struct Batch<'a> {
    walk: Walk<'a>,
    root: Root,
    targets: Targets,
    /// The files that the targets name.
    files: Vec<File>,
    /// When it was written, as it says itself.
    exported: Option<OffsetDateTime>,
}

impl<'a> Batch<'a> {
    async fn read(folder: &'a Path, copy: &Copy, now: OffsetDateTime) -> Result<Self, Failure> {
        let repository = Repository::Folder(folder);
        let last = last_root(folder)?;
        copy.expect_same_roots(repository, last).await?;
        let mut walk = Walk::of(repository, now);
        let targets = walk.targets(copy.root()).await?;
        let version = walk.version_of(Root::NAME);
        if version < last {
            let missing = File::of_root(version.saturating_add(1));
            return Err(repository.refuse(&Wrong::Missing(&missing)));
        }
        let mut files = Vec::new();
        for (name, meta) in &targets.targets {
            if !is_plain(name) {
                return Err(repository.refuse(&Wrong::Changed(name, None)));
            }
            let bytes = walk.target(&targets, name).await?;
            let name = format!("{TARGETS}{}.{name}", meta.hashes.sha256);
            files.push(File { name, bytes });
        }
        Ok(Self {
            root: newest_root(&walk).unwrap_or_else(|| copy.root().clone()),
            walk,
            targets,
            files,
            exported: exported(repository).await?,
        })
    }

    /// The newest root, as a file.
    fn root_file<'b>(&'b self, copy: &'b Copy) -> &'b File {
        let mut files = self.walk.files.iter();
        let newest = files.rfind(|file| File::root_version(&file.name).is_some());
        newest.unwrap_or_else(|| copy.root_file())
    }

    /// The files, each before what names it.
    fn in_order<'b>(&'b self, first: &'b File) -> Vec<&'b File> {
        let metadata = &self.walk.files;
        let is_root = |file: &&File| File::root_version(&file.name).is_some();
        let roots = metadata.iter().filter(is_root);
        let others = metadata.iter().rev().filter(|file| !is_root(file));
        let files = self.files.iter().chain([first]);
        files.chain(roots).chain(others).collect()
    }

    /// The files of the targets by the names that people use, and the newest root.
    fn by_name<'b>(&'b self, root: &'b File) -> Vec<(&'b str, &'b [u8])> {
        let named = self.files.iter().map(|file| {
            let name = file.name.strip_prefix(TARGETS).unwrap_or(&file.name);
            let (_, name) = name.split_once('.').unwrap_or(("", name));
            (name, file.bytes.as_slice())
        });
        named
            .chain([("root.json", root.bytes.as_slice())])
            .collect()
    }
}

/// When a batch was written. Those of before do not say it.
async fn exported(batch: Repository<'_>) -> Result<Option<OffsetDateTime>, Failure> {
    let name = trust_batch::Batch::FILE;
    let Some(bytes) = batch.look_for(name).await? else {
        return Ok(None);
    };
    let read: Result<trust_batch::Batch, _> = serde_json::from_slice(&bytes);
    let read = read.map_err(|_| batch.refuse(&Wrong::Changed(name, None)))?;
    Ok(Some(read.exported))
}

fn newest_root(walk: &Walk<'_>) -> Option<Root> {
    let mut files = walk.files.iter();
    let newest = files.rfind(|file| File::root_version(&file.name).is_some())?;
    let parsed = Signed::parse(&newest.bytes).ok()?;
    Some(parsed.signed)
}

/// The version of the last root in the folder of a batch, whatever it may be worth.
fn last_root(folder: &Path) -> Result<u64, Failure> {
    let no_batch = |cause: &dyn std::fmt::Display| {
        Failure::new(
            "E-AIR-007",
            format!("{} is no batch of what clients trust", folder.display()),
            "name the folder that `sigctl export --trust` made, whole",
        )
        .because(cause)
    };
    let mut last = None;
    for (count, entry) in std::fs::read_dir(folder)
        .map_err(|error| no_batch(&error))?
        .enumerate()
    {
        let name = entry.map_err(|error| no_batch(&error))?.file_name();
        last = last.max(name.to_str().and_then(File::root_version));
        if count > MOST_FILES {
            return Err(no_batch(&format!("it has more than {MOST_FILES} files")));
        }
    }
    last.ok_or_else(|| no_batch(&"it has no root"))
}

/// Whether a file of that name lies in the folder that it is put into.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

const TARGETS: &str = "targets/";
/// Beside the roots, a batch has three files and a folder.
const MOST_FILES: usize = 4_096;
