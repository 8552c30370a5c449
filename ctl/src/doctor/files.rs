//! The files and folders of the instance: whose they are, and what lies about.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::patient::Patient;
use crate::process::Process;
use crate::services;

pub(super) const FILES: Subject = Subject {
    name: "files",
    checks: &[
        Check::fault(
            "E-DOCTOR-080",
            "nobody else changes files of the instance",
            Look::Files(writable),
        ),
        Check::warning(
            "E-DOCTOR-081",
            "nobody else looks into the instance",
            Look::Files(open),
        ),
        Check::fault(
            "E-DOCTOR-082",
            "all files belong to the owner of the instance",
            Look::Files(owners),
        ),
        Check::warning(
            "E-DOCTOR-083",
            "no unfinished instance with its keys lies about",
            Look::Files(left_over),
        ),
        Check::fault(
            "E-DOCTOR-084",
            "no service ended by itself",
            Look::Files(dead),
        ),
        Check::warning(
            "E-DOCTOR-085",
            "no service's log has grown too large",
            Look::Files(log_files),
        ),
    ],
};

/// Everything that is in the instance, but for what is in the folders of a log's data: there are many of them, and their
/// service made them all.
fn entries(patient: &Patient) -> Result<Vec<(PathBuf, fs::Metadata)>, Unseen> {
    let root = patient.instance.directory();
    let data: Vec<_> = patient.configs.logs().iter().map(|log| &log.data).collect();
    let mut folders = vec![root.to_owned()];
    let mut entries = vec![(root.to_owned(), look_at(root)?)];
    while let Some(folder) = folders.pop() {
        let listing = fs::read_dir(&folder).map_err(|error| unseen(&folder, &error))?;
        for entry in listing.flatten() {
            let path = entry.path();
            // What has gone since is nobody's.
            let Ok(found) = fs::symlink_metadata(&path) else {
                continue;
            };
            if found.is_dir() && !data.contains(&&path) {
                folders.push(path.clone());
            }
            entries.push((path, found));
        }
        if entries.len() > MOST {
            return Err(Unseen::new(format!("it has more than {MOST} files")));
        }
    }
    Ok(entries)
}

fn look_at(path: &Path) -> Result<fs::Metadata, Unseen> {
    fs::symlink_metadata(path).map_err(|error| unseen(path, &error))
}

fn unseen(path: &Path, error: &std::io::Error) -> Unseen {
    Unseen::new(format!("cannot look into {}: {error}", path.display()))
}

fn writable(patient: &Patient) -> Seen {
    let entries = entries(patient)?.into_iter();
    let open = entries.filter(|(_, found)| !found.is_symlink() && found.mode() & 0o022 != 0);
    let findings = open.map(|(path, _)| {
        Finding::new(
            format!("others can change {}", named(patient, &path)),
            format!("chmod go-w {}", path.display()),
        )
    });
    Ok(findings.collect())
}

fn open(patient: &Patient) -> Seen {
    let root = patient.instance.directory();
    if_so(look_at(root)?.mode() & 0o005 != 0, || {
        Finding::new(
            "others can look into the instance's folder",
            format!(
                "chmod 700 {}: it has the names of users and of files with secrets",
                root.display()
            ),
        )
    })
}

fn owners(patient: &Patient) -> Seen {
    let owner = patient.owner;
    let owner = owner.ok_or_else(|| Unseen::new("the instance's folder cannot be looked at"))?;
    let entries = entries(patient)?.into_iter();
    let others: Vec<_> = entries
        .filter(|(_, found)| found.uid() != owner)
        .map(|(path, _)| named(patient, &path))
        .collect();
    if_so(!others.is_empty(), || {
        let count = others.len();
        let first = others.first().map(String::as_str).unwrap_or_default();
        let root = patient.instance.directory().display();
        Finding::new(
            format!(
                "{count} of the files belong to another user than the instance, such as {first}"
            ),
            format!("give them to its owner: chown -hR --reference={root} {root}"),
        )
    })
}

fn left_over(patient: &Patient) -> Seen {
    let root = patient.instance.directory();
    let (Some(folder), Some(name)) = (root.parent(), root.file_name()) else {
        return Ok(Vec::new());
    };
    // As `init` names what it makes until it is whole.
    let opening = format!(".{}.new-", name.display());
    let listing = fs::read_dir(folder).map_err(|error| unseen(folder, &error))?;
    let paths = listing.flatten().filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with(&opening))
    });
    let findings = paths.map(|entry| {
        let path = entry.path();
        Finding::new(
            format!("{} is left of an `init` that was ended", path.display()),
            format!(
                "remove it, unless an `init` runs now: rm -r {}",
                path.display()
            ),
        )
    });
    Ok(findings.collect())
}

fn dead(patient: &Patient) -> Seen {
    let instance = &patient.instance;
    let services = services::of(&instance.manifest).into_iter();
    let dead = services.filter(|service| {
        instance.pid_file(*service).exists() && Process::find(instance, *service).is_none()
    });
    let findings = dead.map(|service| {
        let name = service.name();
        Finding::new(
            format!("{name} ended, and nobody stopped it"),
            format!("see why with `sigctl logs DIR {name}`, then start it: `sigctl up DIR`"),
        )
    });
    Ok(findings.collect())
}

fn log_files(patient: &Patient) -> Seen {
    let services = services::of(&patient.instance.manifest).into_iter();
    let large = services.filter_map(|service| {
        let path = patient.instance.log_file(service);
        let length = fs::metadata(&path).ok()?.len();
        (length > LARGE).then_some((path, length))
    });
    let findings = large.map(|(path, length)| {
        Finding::new(
            format!("{} has {} MiB", patient.shown(&path), length >> 20),
            "let logrotate copy and empty it (`copytruncate`), or run `sigctl restart`, which moves it away",
        )
    });
    Ok(findings.collect())
}

fn named(patient: &Patient, path: &Path) -> String {
    match patient.shown(path) {
        shown if shown.is_empty() => "the instance's folder".to_owned(),
        shown => shown,
    }
}

/// More than the folders of six services have in years.
const MOST: usize = 200_000;
const LARGE: u64 = 1 << 30;
