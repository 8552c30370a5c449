//! What was restored onto a volume and is whole, before it is where the pod looks for it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A folder of the volume whose content belongs into the volume itself. A volume has no name that could be given to another.
pub(super) struct Shelved {
    volume: PathBuf,
    path: PathBuf,
}

impl Shelved {
    /// Where it is on a volume, if it is there.
    pub(super) fn of(volume: &Path) -> Self {
        Self {
            volume: volume.to_owned(),
            path: volume.join(WHOLE),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path beside which it is made.
    pub(super) fn wanted(&self) -> PathBuf {
        self.volume.join(BEGUN)
    }

    /// Whether a restore was interrupted after it was whole.
    pub(super) fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    /// Moves its content into the volume, each part in one step, and removes it.
    pub(super) fn put_in_place(&self) -> Result<(), Failure> {
        for place in listing(&self.path)? {
            let name = place.file_name().unwrap_or_default();
            let moved = sigstead_durable::rename(&place, &self.volume.join(name));
            moved.map_err(|error| Failure::file("move", &place, error))?;
        }
        let failed = |error| Failure::file("remove", &self.path, error);
        fs::remove_dir(&self.path).map_err(failed)?;
        sigstead_durable::sync_directory(&self.volume).map_err(failed)
    }
}

/// Refuses a volume that has something on it, and removes what restores left that were killed before they were whole.
pub(super) fn refuse_content(volume: &Path) -> Result<(), Failure> {
    for place in listing(volume)? {
        let name = place
            .file_name()
            .and_then(OsStr::to_str)
            .unwrap_or_default();
        if name.starts_with(&format!(".{BEGUN}.new-")) {
            let removed = fs::remove_dir_all(&place);
            removed.map_err(|error| Failure::file("remove", &place, error))?;
        } else if name != "lost+found" {
            return Err(Failure::new(
                "E-CTL-219",
                format!("{} holds something: {name}", volume.display()),
                "restore onto an empty volume: replace the claim, and keep the old one until the restored service runs",
            ));
        }
    }
    Ok(())
}

fn listing(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let places = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut places = places.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    places.sort();
    Ok(places)
}

/// What is being laid out is hidden beside this name.
const BEGUN: &str = "restored";

/// What is whole.
const WHOLE: &str = ".restored";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_put_in_place_however_often_that_is_interrupted() {
        let volume = tempfile::tempdir().unwrap();
        let volume = volume.path();
        let shelved = Shelved::of(volume);
        assert!(!shelved.is_there());
        fs::create_dir_all(shelved.path().join("audit")).unwrap();
        fs::write(shelved.path().join("users"), "two").unwrap();
        // Interrupted after the first.
        fs::create_dir(volume.join("log")).unwrap();
        fs::write(volume.join("log/journal"), "one").unwrap();
        assert!(shelved.is_there());
        shelved.put_in_place().unwrap();
        assert!(!shelved.is_there());
        assert_eq!(fs::read(volume.join("users")).unwrap(), b"two");
        assert_eq!(fs::read(volume.join("log/journal")).unwrap(), b"one");
        assert!(volume.join("audit").is_dir());
    }

    #[test]
    fn only_an_empty_volume_is_restored_onto() {
        let volume = tempfile::tempdir().unwrap();
        let volume = volume.path();
        fs::create_dir(volume.join("lost+found")).unwrap();
        let left = volume.join(".restored.new-0123");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("key"), "").unwrap();
        refuse_content(volume).unwrap();
        assert!(!left.exists());
        fs::write(volume.join("journal"), "").unwrap();
        assert_eq!(refuse_content(volume).unwrap_err().code(), "E-CTL-219");
        assert!(volume.join("journal").exists());
    }
}
