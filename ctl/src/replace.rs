//! Replaces files of services, which may run as another user.
//!
//! `sigctl` may run as root, and the folder belongs to the user of the service. That user must not be able to have a file of
//! another one changed. So no link is followed, and owner and mode are given to the open file, not to a name.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::Path;

/// Writes a file in one step. Whose it is and who may read it stays; a new one belongs to whom its folder belongs.
///
/// Refused if something other than a regular file has its name.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let before = match std::fs::symlink_metadata(path) {
        Ok(before) if before.is_file() => Some(before),
        Ok(_) => return Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = std::fs::metadata(sigstead_durable::parent(path))?;
    let mode = before.as_ref().map_or(NEW, mode);
    let prepare = |file: &File| {
        give(file, before.as_ref().unwrap_or(&folder))?;
        match &before {
            // A change of the owner takes bits away, and the umask did.
            Some(_) => file.set_permissions(Permissions::from_mode(mode)),
            None => Ok(()),
        }
    };
    sigstead_durable::replace_prepared(path, mode, prepare, bytes)
}

/// Gives a file the owner and the group that another has.
fn give(file: &File, other: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (other.uid(), other.gid()) {
        return Ok(());
    }
    fchown(file, Some(other.uid()), Some(other.gid()))
}

/// Without the bits that run a program as its owner.
fn mode(file: &Metadata) -> u32 {
    file.permissions().mode() & 0o777
}

/// The mode of a new file, less the umask.
const NEW: u32 = 0o666;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    fn owner(path: &Path) -> (u32, u32) {
        let found = fs::symlink_metadata(path).unwrap();
        (found.uid(), found.gid())
    }

    #[test]
    fn owner_and_mode_of_a_replaced_file_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for kept in [0o600, 0o640, 0o664, 0o444] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o4000 | kept)).unwrap();
            give_to_another(&path);
            let before = owner(&path);
            replace(&path, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            let after = fs::symlink_metadata(&path).unwrap();
            assert_eq!(after.permissions().mode() & 0o7777, kept);
            assert_eq!(owner(&path), before);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_new_file_belongs_to_whom_its_folder_belongs() {
        let folder = tempfile::tempdir().unwrap();
        give_to_another(folder.path());
        let path = folder.path().join("file");
        replace(&path, b"new").unwrap();
        assert_eq!(owner(&path), owner(folder.path()));
    }

    /// The service's user plants links where `sigctl` is about to write.
    #[test]
    fn planted_links_lead_to_no_file_of_another_user() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let victim = folder.path().join("victim");
        fs::write(&victim, "kept").unwrap();
        fs::set_permissions(&victim, Permissions::from_mode(0o600)).unwrap();
        let before = owner(&victim);
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        give_to_another(&path);

        let beside = folder.path().join("file.new");
        symlink(&victim, &beside).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&beside).is_err());

        fs::remove_file(&path).unwrap();
        for target in [&victim, &folder.path().join("absent")] {
            symlink(target, &path).unwrap();
            let refused = replace(&path, b"new").unwrap_err();
            assert_eq!(refused.to_string(), "it is not a regular file");
            assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
            fs::remove_file(&path).unwrap();
        }
        assert!(!folder.path().join("absent").exists());
        assert_eq!(fs::read(&victim).unwrap(), b"kept");
        assert_eq!(mode(&fs::metadata(&victim).unwrap()), 0o600);
        assert_eq!(owner(&victim), before);
    }

    /// Only root can: everybody else tests the same with an owner of their own.
    fn give_to_another(path: &Path) {
        if rustix::process::geteuid().is_root() {
            chown(path, Some(4711), Some(4712)).unwrap();
        }
    }
}
