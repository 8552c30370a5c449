//! The anchors of an instance's logs. They are outside of it, so that a copy of the instance is no copy of them, and they are
//! made with it and never again: a log without an anchor takes no entries, because nobody knows what it had.

use std::fs;
use std::path::{Path, PathBuf};

use sigstead_kit::causes;
use sigstead_sequencer::{Anchor as _, FileAnchor};

use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;

/// The directory of an instance's anchors, which has the instance's identifier as its name.
pub(crate) fn directory(
    asked: Option<&Path>,
    instance: &Path,
    id: &str,
) -> Result<PathBuf, Failure> {
    let folder = match asked {
        Some(folder) => absolute(folder)?,
        None => default_directory()?,
    };
    if folder.starts_with(absolute(instance)?) {
        return Err(Failure::new(
            "E-CTL-012",
            format!(
                "the anchors in {} would be copied with the instance",
                folder.display()
            ),
            "name a directory outside of the instance with --anchors, best on another disk",
        ));
    }
    Ok(folder.join(id))
}

/// Makes the folder of the anchors, and in it those of the instance's logs, which have nothing yet.
pub(crate) fn begin(instance: &Instance, folder: &Path) -> Result<(), Failure> {
    sigstead_durable::create_directory(folder)
        .map_err(|error| Failure::file("create", folder, error))?;
    for log in ConfiguredLog::all(instance)? {
        let begun = FileAnchor::new(&log.anchor).begin();
        begun.map_err(|error| Failure::file("write", &log.anchor, causes(&error)))?;
    }
    Ok(())
}

/// Whether a folder holds more than an `init` left that did not come to its end: folders, and anchors of logs that were never
/// opened.
pub(crate) fn tell_of_a_log(folder: &Path) -> bool {
    let tells = |entry: fs::DirEntry| {
        let path = entry.path();
        entry.file_type().is_ok_and(|kind| {
            kind.is_file() && !is_beginning(&path) || kind.is_dir() && tell_of_a_log(&path)
        })
    };
    fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(tells))
}

/// Whether a file is the anchor of a log that was never opened, or the zeros that are there before it.
fn is_beginning(file: &Path) -> bool {
    let is_small = fs::metadata(file).is_ok_and(|found| found.len() <= LARGEST);
    let anchored = is_small.then(|| FileAnchor::new(file).load());
    matches!(anchored, Some(Ok(None)))
        || matches!(anchored, Some(Ok(Some(anchored))) if anchored.is_beginning())
}

/// A random identifier: instances of one name on one machine must not share their anchors.
pub(crate) fn random_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Failure::randomness)?;
    Ok(hex::encode(bytes))
}

fn default_directory() -> Result<PathBuf, Failure> {
    let state = if rustix::process::geteuid().is_root() {
        Some(PathBuf::from("/var/lib"))
    } else {
        sigstead_kit::user_state_directory()
    };
    let state = state.ok_or_else(|| {
        Failure::new(
            "E-CTL-012",
            "this user has no home for the anchors of the logs",
            "name a directory outside of the instance with --anchors, best on another disk",
        )
    })?;
    Ok(state.join("sigstead/anchors"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::file("resolve", path, error))
}

/// More than an anchor has.
const LARGEST: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use sigstead_sequencer::Anchored;

    use super::*;

    #[test]
    fn only_anchors_of_logs_that_were_opened_tell_of_one() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("id/log");
        assert!(!tell_of_a_log(folder.path()));
        let mut anchor = FileAnchor::new(&place);
        anchor.begin().unwrap();
        assert!(!tell_of_a_log(folder.path()));
        fs::write(folder.path().join("id/cut-off"), [0; 1024]).unwrap();
        assert!(!tell_of_a_log(folder.path()));
        let opened = Anchored {
            time_millis: 1,
            ..Anchored::beginning()
        };
        anchor.store(&opened).unwrap();
        assert!(tell_of_a_log(folder.path()));
        fs::write(&place, "head of a record").unwrap();
        assert!(tell_of_a_log(folder.path()));
    }

    #[test]
    fn anchors_lie_outside_of_the_instance_under_its_identifier() {
        let asked = |folder: &str| {
            let folder = directory(Some(Path::new(folder)), Path::new("/srv/acme"), "77");
            folder.ok()
        };
        assert_eq!(asked("/disk2"), Some("/disk2/77".into()));
        assert_eq!(
            asked("/srv/acme-anchors"),
            Some("/srv/acme-anchors/77".into())
        );
        assert_eq!(asked("/srv/acme"), None);
        assert_eq!(asked("/srv/acme/anchors"), None);
    }

    #[test]
    fn no_two_instances_have_one_identifier() {
        assert_ne!(random_id().unwrap(), random_id().unwrap());
    }
}
