//! What is said of an archive that is not taken, or cannot be made.

use std::fmt::Display;
use std::io;
use std::path::Path;

use oci_client::errors::OciDistributionError;
use sigstead_airgap::{Error, Fault, Finding, volume_name};

use crate::failure::Failure;

/// What goes in cannot go in.
pub(super) fn unfit(what: impl Into<String>, cause: impl Display) -> Failure {
    Failure::new(
        "E-AIR-028",
        what,
        "the cause says what is wrong with it; mend that, or leave it out",
    )
    .because(cause)
}

/// An archive that could not be written.
pub(super) fn unwritten(out: &Path, error: &Error) -> Failure {
    match error {
        Error::File { path, source } => Failure::file("access", path, source),
        Error::Occupied { .. } => occupied(out, error),
        _ => unfit(
            format!("no archive can be made in {}", out.display()),
            sigstead_kit::causes(error),
        ),
    }
}

/// The folder is not one for a new archive.
pub(super) fn occupied(out: &Path, cause: impl Display) -> Failure {
    Failure::new(
        "E-AIR-029",
        format!(
            "{} has something else than the beginning of this archive",
            out.display()
        ),
        "name a new folder, or the one that the same command began",
    )
    .because(cause)
}

/// What is no archive at all.
pub(super) fn no_archive(folder: &Path, cause: impl Display) -> Failure {
    Failure::new(
        "E-AIR-020",
        format!("{} is no archive that can be read", folder.display()),
        "name the folder that has manifest.json and the folders of the volumes, 0001 and so on",
    )
    .because(cause)
}

/// An archive that nobody signed who is believed.
pub(super) fn unsigned(what: impl Into<String>, cause: impl Display) -> Failure {
    Failure::new(
        "E-AIR-021",
        what,
        "use nothing of it; ask who made it, by another way, for its key and its words",
    )
    .because(cause)
}

/// Media of different archives.
pub(super) fn mixed(one: &Path, other: &Path) -> Failure {
    Failure::new(
        "E-AIR-026",
        format!(
            "{} and {} are of two archives",
            one.display(),
            other.display()
        ),
        "name the media of one archive; each has the same manifest.json",
    )
}

/// An archive that comes after a newer one.
pub(super) fn older(last: u64, this: u64) -> Failure {
    Failure::new(
        "E-AIR-027",
        format!("the archive has the number {this}, and {last} was loaded before"),
        "bring the newest archive; if this is another one of the same number, ask its maker which counts",
    )
}

/// An archive of something else.
pub(super) fn other_archives(last: &str, this: &str) -> Failure {
    Failure::new(
        "E-AIR-026",
        format!("the archive is of {this:?}, and the folder has archives of {last:?}"),
        "name a folder of its own for each",
    )
}

/// A file that was laid out is not what it was.
pub(super) fn changed_here(path: &Path) -> Failure {
    Failure::new(
        "E-AIR-030",
        format!("{} has other bytes than were loaded", path.display()),
        "see to the disk, and who can write there; remove the folder of the archive, and load it again",
    )
}

/// A registry that does not answer, or refuses.
pub(super) fn registry(name: &str, error: &OciDistributionError) -> Failure {
    let is_unreachable = match error {
        OciDistributionError::RequestError(error) => error.is_connect() || error.is_timeout(),
        OciDistributionError::IoError(error) => error.kind() == io::ErrorKind::TimedOut,
        _ => false,
    };
    let cause = sigstead_kit::causes(error);
    match is_unreachable {
        true => Failure::new(
            "E-AIR-031",
            format!("the registry of {name} cannot be reached"),
            "see whether it runs, and whether --registry-ca or --plain-http is needed; the same command goes on where it stopped",
        ),
        false => Failure::new(
            "E-AIR-032",
            format!("the registry does not take {name}"),
            "the cause is what it answered; see to --user, its rights and its disk, and push again: what is there is not sent twice",
        ),
    }
    .because(cause)
}

/// A tag of the archive that is taken.
pub(super) fn other_tag(tag: &str, there: &str) -> Failure {
    Failure::new(
        "E-AIR-033",
        format!("{tag} is there, and names {there}"),
        "nothing was pushed; if the tag is to name what the archive has, add --move-tags",
    )
}

/// A registry that has other bytes than it was given.
pub(super) fn changed_there(name: &str, what: &str) -> Failure {
    Failure::new(
        "E-AIR-034",
        format!("{what} of {name} is not in the registry as it was pushed"),
        "let nobody use that repository; see to the disk of the registry and to what is between it and here, and push again",
    )
}

/// The worst of what was found, if anything was.
pub(super) fn of_findings(findings: &[Finding]) -> Option<Failure> {
    let worst = findings.iter().rev().max_by_key(|finding| finding.fault)?;
    let place = place(worst);
    let failure = match worst.fault {
        Fault::VolumeAbsent => Failure::new(
            "E-AIR-025",
            format!("{place} is not here"),
            "name the other media too, or copy all volumes into one folder",
        ),
        Fault::Missing => Failure::new("E-AIR-023", format!("{place} is missing"), REPAIR),
        Fault::Damaged => Failure::new(
            "E-AIR-022",
            format!("{place} has other bytes than the list says"),
            REPAIR,
        ),
        Fault::Twice => Failure::new(
            "E-AIR-026",
            format!("{place} is there twice"),
            "name each medium once",
        ),
        Fault::Foreign => Failure::new(
            "E-AIR-024",
            format!("{place} is nothing that the list has"),
            "find out who put it there; without it, verify again",
        ),
    };
    let others = findings.len().saturating_sub(1);
    Some(match others {
        0 => failure,
        others => failure.because(format!("there are {others} findings more")),
    })
}

/// Where on the media something was found.
pub(super) fn place(finding: &Finding) -> String {
    match (finding.volume, finding.path.as_str()) {
        (0, path) => path.to_owned(),
        (volume, "") => format!("volume {}", volume_name(volume)),
        (volume, path) if path == volume_name(volume) => format!("volume {path}"),
        (volume, path) => format!("{}/{path}", volume_name(volume)),
    }
}

/// A file that changed after everything was verified, or a medium that went away.
pub(super) fn unreadable(error: &Error) -> Failure {
    match error {
        Error::File { path, source } => Failure::file("read", path, source),
        _ => Failure::new(
            "E-AIR-022",
            "a file of the archive has other bytes than the list says",
            REPAIR,
        )
        .because(sigstead_kit::causes(error)),
    }
}

const REPAIR: &str = "`sigctl airgap repair-list` says what to bring again; nothing was changed";
