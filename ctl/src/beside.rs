//! What becomes an instance is made beside it, so that there is a whole one or none.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::private;

/// A private folder that becomes an instance. Unless it does, it goes, and the keys in it.
pub(crate) struct Beside {
    path: PathBuf,
}

impl Beside {
    /// Makes the folder beside the wanted one, under a name that nobody can guess and take first.
    pub(crate) fn create(directory: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::file("create", directory, error);
        let absolute = std::path::absolute(directory).map_err(failed)?;
        if let Some(parent) = absolute.parent() {
            private::with_callers_umask(|| fs::create_dir_all(parent)).map_err(failed)?;
        }
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(Failure::randomness)?;
        let mut name = OsString::from(".");
        name.push(absolute.file_name().unwrap_or_default());
        name.push(format!(".new-{}", hex::encode(random)));
        let path = absolute.with_file_name(name);
        private::create_folder(&path).map_err(failed)?;
        Ok(Self { path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder the wanted name, in one step.
    pub(crate) fn become_the(self, directory: &Path) -> Result<(), Failure> {
        let moved = sigstead_durable::rename(&self.path, directory);
        moved.map_err(|error| Failure::file("create", directory, error))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After the rename there is nothing under this name. A failure to remove cannot be told better than the failure that
        // led here.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Refuses a place at which there is something.
pub(crate) fn refuse_existing(directory: &Path) -> Result<(), Failure> {
    // Whatever keeps us from looking keeps us from making it too, and is told then.
    let Ok(found) = fs::symlink_metadata(directory) else {
        return Ok(());
    };
    let is_empty = || fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none());
    if found.is_dir() && is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-005",
        format!(
            "{} exists and is not an empty directory",
            directory.display()
        ),
        "choose another directory, or move this one away",
    ))
}
