//! Files of an instance: nobody but their owner reads them, and nothing that stands in their place is followed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags};

use crate::failure::{Exit, Failure};

/// Makes everything that this process and the services that it starts write private, whatever the caller's umask is.
pub(crate) fn restrict() {
    let callers = rustix::process::umask(Mode::from_raw_mode(0o077));
    let _ = CALLERS.set(callers.as_raw_mode());
}

/// The umask that the caller had.
pub(crate) fn callers_umask() -> u32 {
    CALLERS.get().copied().unwrap_or(0o077)
}

/// Makes files that are no part of an instance, with the caller's own umask.
pub(crate) fn with_callers_umask<T>(make: impl FnOnce() -> T) -> T {
    let ours = rustix::process::umask(Mode::from_raw_mode(callers_umask()));
    let made = make();
    rustix::process::umask(ours);
    made
}

/// Makes a folder, and those above it; the new ones are private.
pub(crate) fn create_folders(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Failure::file("create", path, error))
}

/// Makes one private folder and refuses what exists: a folder that is there already may be somebody else's.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Writes a private file and the folders above it, in the place of an older one if there is one.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_with(OpenOptions::new().create(true).truncate(true), path, bytes)
}

/// Writes a private file and the folders above it, and refuses one that exists.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_with(OpenOptions::new().create_new(true), path, bytes)
}

fn write_with(options: &mut OpenOptions, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        create_folders(folder)?;
    }
    let mut file = open(options.write(true), path)?;
    file.write_all(bytes)
        .map_err(|error| Failure::file("write", path, error))
}

/// Opens a file for appending and makes it, and the folders above it, if it is not there.
pub(crate) fn open_for_appending(path: &Path) -> Result<File, Failure> {
    if let Some(folder) = path.parent() {
        create_folders(folder)?;
    }
    open(OpenOptions::new().create(true).append(true), path)
}

/// Opens a regular file of ours. A link would lead the bytes to where another wants them, and a pipe would hold us up.
fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Failure> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = options
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let is_strange = fs::symlink_metadata(path).is_ok_and(|found| !found.is_file());
    let file = match opened {
        Ok(file) => file,
        Err(_) if is_strange => return Err(strange(path)),
        Err(error) => return Err(Failure::file("open", path, error)),
    };
    let found = file
        .metadata()
        .map_err(|error| Failure::file("look at", path, error))?;
    let is_ours = found.uid() == rustix::process::geteuid().as_raw();
    if found.is_file() && is_ours {
        Ok(file)
    } else {
        Err(strange(path))
    }
}

fn strange(path: &Path) -> Failure {
    Failure::new(
        "E-CTL-071",
        format!("{} is not a regular file of yours", path.display()),
        "find out who put it there and remove it; sigctl makes it again",
    )
    .exit(Exit::Refused)
}

/// Reads a regular file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        // Opening a pipe waits for its writer otherwise.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("it is longer than {limit} bytes")))
    }
}

/// The umask that the caller had.
static CALLERS: OnceLock<u32> = OnceLock::new();

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_and_their_folders_are_private_from_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a");
        write(&folder.join("b/file"), b"one").unwrap();
        write_new(&folder.join("c/file"), b"one").unwrap();
        open_for_appending(&folder.join("d/file")).unwrap();
        for inner in ["b", "c", "d"] {
            assert_eq!(mode(&folder.join(inner)), 0o700);
            assert_eq!(mode(&folder.join(inner).join("file")), 0o600);
        }
        assert_eq!(mode(&folder), 0o700);
        assert!(write_new(&folder.join("c/file"), b"two").is_err());
        assert!(create_folder(&folder).is_err());
    }

    #[test]
    fn what_stands_in_a_files_place_is_neither_followed_nor_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let target = folder.join("target");
        fs::write(&target, "kept").unwrap();
        symlink(&target, folder.join("link")).unwrap();
        symlink(folder.join("absent"), folder.join("dangling")).unwrap();
        fs::create_dir(folder.join("folder")).unwrap();
        let pipe = folder.join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for name in ["link", "dangling", "folder", "pipe"] {
            let path = folder.join(name);
            for refused in [open_for_appending(&path).map(drop), write(&path, b"x")] {
                let failure = refused.unwrap_err();
                assert_eq!(failure.code(), "E-CTL-071", "{name}");
            }
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "kept");
        assert!(!folder.join("absent").exists());
        assert!(read(&pipe, 10).is_err());
        assert!(read(&folder.join("folder"), 10).is_err());
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(read(&path, 4).is_err());
        assert!(read(Path::new("/dev/zero"), 4).is_err());
    }
}
