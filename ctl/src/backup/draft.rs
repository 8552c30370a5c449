//! The file that becomes a backup once it is proven.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::private;

/// A file beside the wanted one. Unless it becomes that one, it goes.
pub(super) struct Draft {
    place: PathBuf,
    wanted: PathBuf,
    /// Locked for as long as the draft lives, so that no other command takes it for what one left that was interrupted.
    file: File,
}

impl Draft {
    /// Begins the file, for its owner alone. What an interrupted backup left in its place is written over.
    pub(super) fn begin(wanted: &Path) -> Result<Self, Failure> {
        refuse_existing(wanted)?;
        let mut name = wanted
            .file_name()
            .map_or_else(OsString::new, ToOwned::to_owned);
        name.push(".new");
        let place = wanted.with_file_name(name);
        let file = private::open_for_appending(&place)?;
        let failed = |error| Failure::file("write", &place, error);
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy(wanted)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // The other one may have finished between the opening and the lock.
        let (ours, named) = (file.metadata(), fs::metadata(&place));
        let is_ours = named.is_ok_and(|named| ours.is_ok_and(|ours| ours.ino() == named.ino()));
        if !is_ours {
            return Err(busy(wanted));
        }
        file.set_len(0).map_err(failed)?;
        Ok(Self {
            wanted: wanted.to_owned(),
            file,
            place,
        })
    }

    /// Where it is until it has its name.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// Its content.
    pub(super) fn file(&self) -> Result<File, Failure> {
        let cloned = self.file.try_clone();
        cloned.map_err(|error| Failure::file("write", &self.place, error))
    }

    /// Gives it the wanted name, durably.
    pub(super) fn become_wanted(self) -> Result<(), Failure> {
        refuse_existing(&self.wanted)?;
        let wanted = &self.wanted;
        sigstead_durable::sync(&self.file)
            .and_then(|()| sigstead_durable::rename(&self.place, wanted))
            .and_then(|()| sigstead_durable::sync_directory(sigstead_durable::parent(wanted)))
            .map_err(|error| Failure::file("write", wanted, error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Under its wanted name it is no draft any more. A failure to remove cannot be told better than the failure that led
        // here.
        let _ = sigstead_durable::remove(&self.place);
    }
}

fn refuse_existing(wanted: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(wanted).is_err() {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-212",
        format!("{} exists", wanted.display()),
        "name another file, or a folder, in which each backup gets a name of its own",
    ))
}

fn busy(wanted: &Path) -> Failure {
    Failure::new(
        "E-CTL-213",
        format!("another sigctl writes {}", wanted.display()),
        "wait until it has ended, or name another file",
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_draft_becomes_the_wanted_file_or_goes() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("backup");
        let count = || fs::read_dir(folder.path()).unwrap().count();
        drop(Draft::begin(&wanted).unwrap());
        assert_eq!(count(), 0);

        // What a command left that was killed.
        fs::write(folder.path().join("backup.new"), "a longer rest").unwrap();
        let draft = Draft::begin(&wanted).unwrap();
        draft.file().unwrap().write_all(b"content").unwrap();
        draft.become_wanted().unwrap();
        assert_eq!(fs::read(&wanted).unwrap(), b"content");
        assert_eq!(count(), 1);
        let refused = Draft::begin(&wanted).err().unwrap();
        assert_eq!(refused.code(), "E-CTL-212");
    }

    #[test]
    fn two_drafts_of_one_file_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("backup");
        let draft = Draft::begin(&wanted).unwrap();
        let refused = Draft::begin(&wanted).err().unwrap();
        assert_eq!(refused.code(), "E-CTL-213");
        fs::write(&wanted, "came meanwhile").unwrap();
        let refused = draft.become_wanted().err().unwrap();
        assert_eq!(refused.code(), "E-CTL-212");
        assert_eq!(fs::read(&wanted).unwrap(), b"came meanwhile");
    }
}
