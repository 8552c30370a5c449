//! `sigctl airgap load`: what an archive has, where it is used.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use sigstead_airgap::{FileRecord, Medium, Sha256};

use super::belief::{Believed, Opened};
use super::refusal;
use super::verify::verified;
use crate::failure::Failure;
use crate::output::Output;
use crate::{input, private};

/// Which archive, who is believed, and where it goes.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    believed: Believed,

    /// The folder that has every archive that was loaded, each below its number. It is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

/// What was loaded.
#[derive(Serialize)]
struct Loaded {
    release: String,
    number: u64,
    /// Where its files are.
    folder: PathBuf,
    files: usize,
    /// Whether it was there already.
    was_there: bool,
    words: String,
}

/// What was loaded last, in `loaded.json`.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Last {
    name: String,
    number: u64,
    sha256: String,
}

/// How an archive is loaded, and what a crash between two steps leaves behind:
///
/// 1. The list is believed, every file of it is verified, and it is not older than what was loaded last. Nothing is written.
/// 2. The files are written to a folder `.NUMBER`, and read again. A crash leaves that, and the next attempt begins it anew.
/// 3. The folder gets its name. A crash leaves it; the next attempt reads it again.
/// 4. `loaded.json` says so.
pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let opened = verified(&arguments.believed)?;
    let manifest = opened.medium.manifest();
    let this = Last {
        name: manifest.name.clone(),
        number: manifest.number,
        sha256: opened.fingerprint.sha256.clone(),
    };
    let into = &arguments.into;
    let last = last(into)?;
    let folder = into.join(manifest.number.to_string());
    if let Some(last) = &last {
        expect_newer(last, &this)?;
    }
    let was_there = folder.exists();
    let count = match was_there {
        true => check(&folder, &opened)?,
        false => private::with_callers_umask(|| lay_out(&opened, into, &folder))?,
    };
    if last.as_ref() != Some(&this) {
        private::with_callers_umask(|| remember(into, &this))?;
    }
    let loaded = Loaded {
        release: manifest.release.clone(),
        number: manifest.number,
        folder,
        files: count,
        was_there,
        words: opened.fingerprint.words.clone(),
    };
    output.print(&loaded, Loaded::text);
    Ok(())
}

/// Whoever carries the archive could bring an older one, which was signed too.
fn expect_newer(last: &Last, this: &Last) -> Result<(), Failure> {
    if last.name != this.name {
        return Err(refusal::other_archives(&last.name, &this.name));
    }
    let is_it = last.number == this.number && last.sha256 == this.sha256;
    match is_it || this.number > last.number {
        true => Ok(()),
        false => Err(refusal::older(last.number, this.number)),
    }
}

fn last(into: &Path) -> Result<Option<Last>, Failure> {
    let path = into.join(LAST);
    if !path.exists() {
        return Ok(None);
    }
    let read = serde_json::from_slice(&input::read_file(&path)?);
    read.map(Some)
        .map_err(|error| Failure::file("read", &path, error))
}

fn lay_out(opened: &Opened, into: &Path, folder: &Path) -> Result<usize, Failure> {
    let made = sigstead_durable::create_directory(into);
    made.map_err(|error| Failure::file("make", into, error))?;
    let draft = into.join(format!(".{}", opened.medium.manifest().number));
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(|error| Failure::file("remove", &draft, error))?;
    }
    for record in &opened.medium.manifest().files {
        write(&opened.medium, record, &draft)?;
    }
    let failed = |error| Failure::file("write", folder, error);
    sigstead_durable::sync_file_system(into).map_err(failed)?;
    let count = check(&draft, opened)?;
    sigstead_durable::rename(&draft, folder).map_err(failed)?;
    sigstead_durable::sync_directory(into).map_err(failed)?;
    Ok(count)
}

fn remember(into: &Path, this: &Last) -> Result<(), Failure> {
    let path = into.join(LAST);
    let failed = |error| Failure::file("write", &path, error);
    let state = serde_json::to_vec_pretty(this).map_err(|error| failed(error.into()))?;
    sigstead_durable::replace(&path, &state).map_err(failed)
}

fn write(medium: &Medium, record: &FileRecord, folder: &Path) -> Result<(), Failure> {
    let path = record.name.below(folder);
    let failed = |error| Failure::file("write", &path, error);
    let above = path.parent().unwrap_or(folder);
    fs::create_dir_all(above).map_err(failed)?;
    let mode = if record.kind.is_run() { 0o777 } else { 0o666 };
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&path)
        .map_err(failed)?;
    medium
        .copy(record, &mut file)
        .map_err(|error| refusal::unreadable(&error))
}

/// Reads what was laid out again, and gives how many files that are.
fn check(folder: &Path, opened: &Opened) -> Result<usize, Failure> {
    let mut count = 0;
    for record in &opened.medium.manifest().files {
        let path = record.name.below(folder);
        let failed = |error| Failure::file("read", &path, error);
        let mut file = File::open(&path).map_err(failed)?;
        if Sha256::of_reader(&mut file).map_err(failed)? != record.sha256 {
            return Err(refusal::changed_here(&path));
        }
        count += 1;
    }
    Ok(count)
}

impl Loaded {
    fn text(&self) -> String {
        let was_there = if self.was_there { ", as before" } else { "" };
        format!(
            "archive {}, number {}: {} files in {}, each read again{was_there}\n  words {}",
            self.release,
            self.number,
            self.files,
            self.folder.display(),
            self.words
        )
    }
}

const LAST: &str = "loaded.json";
