//! Where a walk reads, and what a person is told where it ends.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use reqwest::Client;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use sigstead_trust_root::Error;
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::http;

/// A TUF repository.
#[derive(Clone, Copy)]
pub(crate) enum Repository<'a> {
    /// What a service shows.
    Served { client: &'a Client, url: &'a str },
    /// A folder, whoever carried it here.
    Folder(&'a Path),
}

/// What of a repository a client does not take.
pub(crate) enum Wrong<'a> {
    /// A file that others name is not there.
    Missing(&'a str),
    /// A file is not what it should be, or not what others say of it.
    Changed(&'a str, Option<Error>),
    /// Too few keys signed it that may.
    Unsigned(&'a str, Error),
    /// A role ended.
    Expired(&'static str, OffsetDateTime),
}

impl Repository<'_> {
    /// The bytes of a file; `None` if it is not there.
    pub(crate) async fn look_for(&self, file: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Served { client, url } => {
                let url = format!("{url}/{file}");
                let answer = client.get(&url).send().await;
                http::found("tuf", &url, answer).await
            }
            Self::Folder(folder) => read(folder, file).map_err(|error| {
                let strange = Wrong::Changed(file, None);
                self.refuse(&strange).because(error)
            }),
        }
    }

    /// Says what is wrong, and what to do about it.
    pub(crate) fn refuse(&self, wrong: &Wrong<'_>) -> Failure {
        match self {
            Self::Served { url, .. } => match wrong {
                Wrong::Expired(role, end) => Failure::new(
                    "E-CTL-404",
                    format!("the {role} metadata at {url} has expired"),
                    "sign it again: `sigctl trust publish` for root and targets, the `tuf` service by itself for the others",
                )
                .because(format!("it was good until {end}")),
                other => Failure::service("tuf", url, other),
            },
            Self::Folder(folder) => in_folder(folder, wrong),
        }
    }
}

fn in_folder(folder: &Path, wrong: &Wrong<'_>) -> Failure {
    let (code, remedy) = match wrong {
        Wrong::Missing(_) => (
            "E-AIR-013",
            "copy the whole folder that `sigctl export --trust` made",
        ),
        Wrong::Changed(..) => (
            "E-AIR-014",
            "it was damaged or changed on its way: copy it again, and compare it with what was written",
        ),
        Wrong::Unsigned(..) => (
            "E-AIR-012",
            "ask its operator for a new batch in a way that you trust, and tell them of this one",
        ),
        Wrong::Expired(..) => (
            "E-AIR-011",
            "bring a newer batch; `sigctl init --profile airgap` makes instances whose metadata outlives a courier's way",
        ),
    };
    Failure::new(code, format!("{}: {wrong}", folder.display()), remedy)
}

impl std::fmt::Display for Wrong<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(file) => write!(f, "{file} is not there"),
            Self::Changed(file, Some(error)) => {
                write!(f, "{file}: {}", sigstead_kit::causes(error))
            }
            Self::Changed(file, None) => write!(f, "{file} is not the one that is named"),
            Self::Unsigned(file, error) => write!(f, "{file}: {}", sigstead_kit::causes(error)),
            Self::Expired(role, end) => write!(f, "the {role} metadata was good until {end}"),
        }
    }
}

/// Reads a regular file beneath a folder. No link is followed, not even one within it: who made the folder may be a stranger.
fn read(folder: &Path, file: &str) -> io::Result<Option<Vec<u8>>> {
    let opened = match open(folder, file) {
        Ok(opened) => File::from(opened),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::NOTDIR) => {
            return Err(io::Error::other("it is a link, or behind one"));
        }
        Err(error) => return Err(error.into()),
    };
    if !opened.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    opened.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= LARGEST => Ok(Some(bytes)),
        _ => Err(io::Error::other(format!(
            "it is longer than {LARGEST} bytes"
        ))),
    }
}

fn open(folder: &Path, file: &str) -> Result<OwnedFd, Errno> {
    let (folders, name) = file.rsplit_once('/').unwrap_or(("", file));
    let mut at = openat(
        CWD,
        folder,
        OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    for step in folders.split('/').filter(|step| !step.is_empty()) {
        at = beneath(&at, step, OFlags::DIRECTORY)?;
    }
    // Opening a pipe waits for its writer otherwise.
    beneath(&at, name, OFlags::NONBLOCK)
}

fn beneath(at: &OwnedFd, step: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    if matches!(step, "" | "." | "..") {
        return Err(Errno::NOENT);
    }
    openat(
        at,
        step,
        OFlags::NOFOLLOW | OFlags::CLOEXEC | flags,
        Mode::empty(),
    )
}

/// Longer than any file that an instance publishes.
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_leads_out_of_a_folder_and_no_pipe_is_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("medium");
        fs::create_dir_all(folder.join("targets")).unwrap();
        fs::write(folder.join("targets/file"), "content").unwrap();
        fs::write(place.path().join("secret"), "secret").unwrap();
        symlink("../secret", folder.join("link")).unwrap();
        symlink("targets", folder.join("linked")).unwrap();
        let pipe = folder.join("pipe");
        rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        let large = File::create(folder.join("large")).unwrap();
        large.set_len(LARGEST + 1).unwrap();

        assert_eq!(read(&folder, "targets/file").unwrap().unwrap(), b"content");
        for absent in [
            "none",
            "targets/none",
            "../secret",
            "targets/../../secret",
            "",
        ] {
            assert!(read(&folder, absent).unwrap().is_none(), "{absent}");
        }
        for strange in ["link", "linked/file", "pipe", "large", "targets"] {
            assert!(read(&folder, strange).is_err(), "{strange}");
        }
    }
}
