//! Files that hold secrets: readable by the user of the service and by nobody else, whatever the umask is.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::Error;

/// Options that make a file for its owner alone. They change nothing about a file that is there.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE);
    options
}

/// Takes the permissions of others from a file, and logs that there were any.
pub(crate) fn narrow(path: &Path) -> Result<(), Error> {
    if is_narrowed(path)? {
        log(path);
    }
    Ok(())
}

/// As [`narrow`], for a directory and what is in it.
pub(crate) fn narrow_directory(path: &Path) -> Result<(), Error> {
    let failed = Error::io("read the store's directory");
    let entries: Vec<_> = fs::read_dir(path)
        .and_then(Iterator::collect)
        .map_err(failed)?;
    let mut any = is_narrowed(path)?;
    for entry in entries {
        any |= is_narrowed(&entry.path())?;
    }
    if any {
        log(path);
    }
    Ok(())
}

/// Whether others could use the file until now, and cannot any more.
fn is_narrowed(path: &Path) -> Result<bool, Error> {
    let metadata = fs::metadata(path).map_err(Error::io("look at the permissions"))?;
    if metadata.mode() & OTHERS == 0 {
        return Ok(false);
    }
    let wanted = if metadata.is_dir() { DIRECTORY } else { FILE };
    match fs::set_permissions(path, Permissions::from_mode(wanted)) {
        Ok(()) => Ok(true),
        // The file of another user is for that user to mend, and no reason not to serve.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(
                "{} is open to others and belongs to another user",
                path.display()
            );
            Ok(false)
        }
        Err(error) => Err(Error::io("narrow the permissions")(error)),
    }
}

fn log(path: &Path) {
    tracing::warn!(
        "{} was open to other users of this machine and is private now",
        path.display()
    );
}

/// Every permission of the group and of all others.
const OTHERS: u32 = 0o077;
const FILE: u32 = 0o600;
const DIRECTORY: u32 = 0o700;

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn narrows_what_others_may_use_and_leaves_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let (file, directory) = (folder.path().join("file"), folder.path().join("directory"));
        fs::write(&file, "secret").unwrap();
        fs::create_dir(&directory).unwrap();
        for (found, left) in [
            (0o644, 0o600),
            (0o660, 0o600),
            (0o400, 0o400),
            (0o600, 0o600),
        ] {
            fs::set_permissions(&file, Permissions::from_mode(found)).unwrap();
            narrow(&file).unwrap();
            assert_eq!(mode(&file), left, "of {found:o}");
        }
        let below = directory.join("below");
        fs::write(&below, "secret").unwrap();
        for (found, left) in [(0o755, 0o700), (0o777, 0o700), (0o500, 0o500)] {
            fs::set_permissions(&below, Permissions::from_mode(0o666)).unwrap();
            fs::set_permissions(&directory, Permissions::from_mode(found)).unwrap();
            narrow_directory(&directory).unwrap();
            assert_eq!(
                (mode(&directory), mode(&below)),
                (left, 0o600),
                "of {found:o}"
            );
        }
    }
}
