//! `sigctl trust evidence`: one folder that shows what was done about a key, to people who have nothing else.

mod sums;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use self::sums::{SUMS, files_below, of_file};
use super::history;
use super::repository::Repository;
use super::verify_history;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::{recorded, rotations};

/// About what, and where to.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// A rotation that is over, as tsa-2, or an emergency, as emergency-1.
    about: Vec<String>,

    /// The folder to write, which must not be there.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// Which folder is checked.
#[derive(Args)]
pub(super) struct Verify {
    /// The folder, as `sigctl trust evidence` wrote it.
    folder: PathBuf,
}

#[derive(Serialize)]
struct Written {
    folder: String,
    files: usize,
    /// SHA-256 of the list of all files: who keeps that can tell whether all of it is as it was.
    sha256: String,
}

/// Writes the evidence: the plan with its steps or the files of the emergency, the whole repository as it is published, its history
/// in sentences, the record of what was done, and a list of all that, whose hash is printed.
pub(super) fn write(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let words = arguments
        .instance
        .words(std::mem::take(&mut arguments.about));
    let [about] = words.as_slice() else {
        return Err(unknown("what is named"));
    };
    let instance = arguments.instance.open()?;
    let sources = sources(&instance, about)?;
    let folder = &arguments.out;
    if folder.exists() {
        return Err(Failure::new(
            "E-CTL-435",
            format!("{} is there already", folder.display()),
            "name a folder that is not there",
        ));
    }
    for (from, name) in sources {
        copy(&from, &folder.join(name))?;
    }
    let transitions = history::look(&instance)?;
    let mut json = serde_json::to_vec_pretty(&transitions)
        .map_err(|error| Failure::file("write", folder, error))?;
    json.push(b'\n');
    put(&folder.join("history.json"), &json)?;
    let list = sums::of(folder)?;
    put(&folder.join(SUMS), list.as_bytes())?;
    let written = Written {
        folder: folder.display().to_string(),
        files: list.lines().count(),
        sha256: sums::sha256(list.as_bytes()),
    };
    output.print(&written, Written::text);
    Ok(())
}

/// Checks evidence with nothing else at hand: each file is as it was listed and no other is there, the history of the repository is
/// sound, and the record of acts is whole.
pub(super) fn verify(arguments: &Verify, output: Output) -> Result<(), Failure> {
    let folder = &arguments.folder;
    let list = sums::read(folder);
    let list = list.map_err(|error| Failure::file("read", &folder.join(SUMS), error))?;
    let faults = faults(folder, &list)?;
    if !faults.is_empty() {
        return Err(Failure::new(
            "E-CTL-437",
            format!("{} is not the evidence that was written", folder.display()),
            "get it again from where it was kept, and compare the hash that was printed when it was written",
        )
        .because(faults.join("\n")));
    }
    let written = Written {
        folder: folder.display().to_string(),
        files: list.lines().count(),
        sha256: sums::sha256(list.as_bytes()),
    };
    output.print(&written, Written::text);
    Ok(())
}

fn faults(folder: &Path, list: &str) -> Result<Vec<String>, Failure> {
    let mut faults = Vec::new();
    let mut listed = Vec::new();
    for line in list.lines() {
        let Some((sum, name)) = line.split_once("  ") else {
            faults.push(format!("{line:?} is no line of {SUMS}"));
            continue;
        };
        if of_file(&folder.join(name)).ok().as_deref() != Some(sum) {
            faults.push(format!("{name} is not as it was"));
        }
        listed.push(name.to_owned());
    }
    let there = files_below(folder)?.into_iter();
    let others = there.filter(|name| name != SUMS && !listed.contains(name));
    faults.extend(others.map(|name| format!("{name} is not listed")));
    faults.extend(verify_history::faults(&folder.join("repository"))?);
    let place = sigstead_audit::Place::new(&folder.join("audit"), None);
    match sigstead_audit::read(&place) {
        Ok(found) => faults.extend(found.defect.map(|defect| defect.to_string())),
        Err(error) => faults.push(sigstead_kit::causes(&error)),
    }
    Ok(faults)
}

/// What the evidence is copied from, and what it is called there.
fn sources(instance: &Instance, about: &str) -> Result<Vec<(PathBuf, &'static str)>, Failure> {
    let is_plain = about
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // A plan that is open has no number.
    let Some((role, number)) = about.rsplit_once('-').filter(|_| is_plain) else {
        return Err(unknown(about));
    };
    let about_path = match role {
        "emergency" => instance.path("trust/emergencies").join(number),
        _ => rotations::folder(instance).join(format!("{about}.json")),
    };
    if number.parse::<u32>().is_err() || !about_path.exists() {
        return Err(unknown(about));
    }
    let name = match about_path.is_dir() {
        true => "emergency",
        false => "plan.json",
    };
    let repository = Repository::of(instance)?.directory().to_owned();
    let record = recorded::place(instance).records;
    let record = sigstead_durable::parent(&record).to_owned();
    Ok(vec![
        (about_path, name),
        (repository, "repository"),
        (record, "audit"),
    ])
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    if from.is_file() {
        let bytes = fs::read(from).map_err(|error| Failure::file("read", from, error))?;
        return put(to, &bytes);
    }
    for name in files_below(from)? {
        let path = from.join(&name);
        let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, error))?;
        put(&to.join(name), &bytes)?;
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::file("write", path, error);
    sigstead_durable::create_directory(sigstead_durable::parent(path)).map_err(failed)?;
    sigstead_durable::replace(path, bytes).map_err(failed)
}

fn unknown(about: &str) -> Failure {
    Failure::new(
        "E-CTL-438",
        format!("{about} is no rotation that is over and no emergency"),
        "name one by its number, as tsa-2 or emergency-1: `trust/rotations` and `trust/emergencies` have them",
    )
}

impl Written {
    fn text(&self) -> String {
        format!(
            "{}: {} files\n  SHA-256 of the list of them: {}\nkeep that elsewhere; `sigctl trust verify-evidence` checks the rest",
            self.folder, self.files, self.sha256
        )
    }
}
