use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::descriptor::{create, create_new, refill};
use crate::directory::{parent, sync_directory};

/// Writes a file as a whole and makes its content durable. Its name is not: [`rename`] it, or sync its directory.
///
/// # Errors
/// The file cannot be written or synced. An incomplete file may stay.
pub fn write(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(place)?;
    let written = file.write_all(bytes).and_then(|()| sync(&file));
    drop(file);
    refill();
    written
}

/// Replaces a file, or makes it, in one step: a crash leaves the old content or the new.
///
/// The new content is first written beside it, under the name with `.new` at its end; one writer at a time. What has that
/// name is removed before, and no link is followed, neither there nor at `place`.
///
/// # Errors
/// The file cannot be written, renamed or synced. The old content is in place unless the last sync was what failed.
pub fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_prepared(place, 0o666, |_| Ok(()), bytes)
}

/// As [`replace`], for a file that belongs to another user than the process: `prepare` gives the new file its owner and its
/// mode while it is empty and has another name. Until then it has `mode`, less the umask.
///
/// `prepare` is given the open file, not its name, because the owner of the directory could put a link in its place.
///
/// # Errors
/// As [`replace`], and those of `prepare`, after which nothing has changed.
pub fn replace_prepared(
    place: &Path,
    mode: u32,
    prepare: impl FnOnce(&File) -> io::Result<()>,
    bytes: &[u8],
) -> io::Result<()> {
    let beside = beside(place);
    remove(&beside)?;
    let mut file = create_new(&beside, mode)?;
    let written = prepare(&file)
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| sync(&file));
    drop(file);
    refill();
    if let Err(error) = written.and_then(|()| rename(&beside, place)) {
        // The next replacement would remove it, so it does no harm if it stays.
        let _ = remove(&beside);
        return Err(error);
    }
    sync_directory(parent(place))
}

/// Gives a file or directory another name, in place of what has that name. The new name is durable once its directory is
/// synced. Both steps are apart because after a failed rename nothing has changed, and after a failed sync everything may
/// have.
///
/// # Errors
/// The name cannot be changed.
#[expect(clippy::disallowed_methods, reason = "renames belong to this crate")]
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Removes a file if it is there. That it is gone is durable once its directory is synced.
///
/// # Errors
/// The file cannot be removed.
pub fn remove(place: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes content and metadata of a file durable.
///
/// # Errors
/// The medium failed. What of the file is durable is then unknown, and a second sync does not tell.
#[expect(clippy::disallowed_methods, reason = "syncs belong to this crate")]
pub fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Makes the content of a file durable, and its length, but no other metadata: one `fdatasync`, the cheapest step of an
/// append.
///
/// # Errors
/// As for [`sync`].
#[expect(clippy::disallowed_methods, reason = "syncs belong to this crate")]
pub fn sync_content(file: &File) -> io::Result<()> {
    file.sync_data()
}

fn beside(place: &Path) -> PathBuf {
    let mut name = place
        .file_name()
        .map_or_else(OsString::new, ToOwned::to_owned);
    name.push(".new");
    place.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_replaced_file_holds_the_new_content_and_leaves_nothing_beside_it() {
        let scratch = tempfile::tempdir().unwrap();
        let place = scratch.path().join("state.json");
        for content in [b"one".as_slice(), b"", b"three"] {
            replace(&place, content).unwrap();
            assert_eq!(fs::read(&place).unwrap(), content);
        }
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replacement_that_fails_leaves_the_old_content_and_nothing_beside_it() {
        let scratch = tempfile::tempdir().unwrap();
        let place = scratch.path().join("place");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("old"), b"old").unwrap();
        assert!(replace(&place, b"new").is_err());
        assert_eq!(fs::read(place.join("old")).unwrap(), b"old");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replacement_follows_no_link() {
        let scratch = tempfile::tempdir().unwrap();
        let victim = scratch.path().join("victim");
        let place = scratch.path().join("place");
        fs::write(&victim, b"kept").unwrap();
        for link in [beside(&place), place.clone()] {
            symlink(&victim, &link).unwrap();
            replace(&place, b"new").unwrap();
            assert_eq!(fs::read(&victim).unwrap(), b"kept", "{}", link.display());
            assert!(fs::symlink_metadata(&place).unwrap().is_file());
            assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
            fs::remove_file(&place).unwrap();
        }
    }

    #[test]
    fn a_link_that_comes_after_the_removal_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let victim = scratch.path().join("victim");
        let link = scratch.path().join("link");
        for target in ["victim", "absent"] {
            fs::write(&victim, b"kept").unwrap();
            symlink(scratch.path().join(target), &link).unwrap();
            let refused = create_new(&link, 0o600).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            fs::remove_file(&link).unwrap();
        }
        assert_eq!(fs::read(&victim).unwrap(), b"kept");
        assert!(!scratch.path().join("absent").exists());
    }

    #[test]
    fn a_file_that_cannot_be_prepared_is_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let place = scratch.path().join("place");
        fs::write(&place, b"old").unwrap();
        let refused = |_: &File| Err(io::Error::other("refused"));
        let error = replace_prepared(&place, 0o600, refused, b"new").unwrap_err();
        assert_eq!(error.to_string(), "refused");
        assert_eq!(fs::read(&place).unwrap(), b"old");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_an_interrupted_replacement_left_is_removed() {
        let scratch = tempfile::tempdir().unwrap();
        let place = scratch.path().join("current");
        fs::write(beside(&place), b"a longer rest").unwrap();
        replace(&place, b"new").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn removes_a_file_that_may_be_gone_already() {
        let scratch = tempfile::tempdir().unwrap();
        let place = scratch.path().join("file");
        write(&place, b"content").unwrap();
        remove(&place).unwrap();
        remove(&place).unwrap();
        assert!(!place.exists());
        assert!(remove(scratch.path()).is_err());
    }
}
