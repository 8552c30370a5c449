use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::descriptor::{open, refill};

/// Makes a directory and those above it, each durable in the one that holds it. Without the path to it, a synced file is
/// lost too.
///
/// # Errors
/// A directory cannot be made or synced, or something else has its name.
pub fn create_directory(directory: &Path) -> io::Result<()> {
    create(directory, 0o777)
}

/// As [`create_directory`], for what nobody but the user of the process may see, whatever the umask is. A directory that
/// is there keeps its mode.
///
/// # Errors
/// As [`create_directory`].
pub fn create_private_directory(directory: &Path) -> io::Result<()> {
    create(directory, 0o700)
}

fn create(directory: &Path, mode: u32) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let above = parent(directory);
    create(above, mode)?;
    match DirBuilder::new().mode(mode).create(directory) {
        // Another thread made it, or a file has the name.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
        made => made?,
    }
    sync_directory(above)
}

/// Makes durable what was made, renamed or removed in a directory.
///
/// # Errors
/// The directory cannot be opened or synced. What of it is durable is then unknown.
#[expect(clippy::disallowed_methods, reason = "syncs belong to this crate")]
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    let opened = open(directory)?;
    let synced = opened.sync_all();
    drop(opened);
    refill();
    synced
}

/// Makes everything durable that was written to the file system that holds a path. For many new files at once this is
/// one wait instead of one for each.
///
/// # Errors
/// The path cannot be opened, or the medium failed. What of the new files is durable is then unknown.
#[expect(clippy::disallowed_methods, reason = "syncs belong to this crate")]
pub fn sync_file_system(path: &Path) -> io::Result<()> {
    let opened = open(path)?;
    let synced = rustix::fs::syncfs(&opened);
    drop(opened);
    refill();
    Ok(synced?)
}

/// The directory that holds the name; the working directory for a bare name.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_private_directory_is_private_and_so_is_what_was_missing_above_it() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("above/below");
        for _ in 0..2 {
            create_private_directory(&path).unwrap();
        }
        for made in [path.as_path(), parent(&path)] {
            let mode = fs::metadata(made).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", made.display());
        }
    }

    #[test]
    fn a_file_system_is_synced_by_any_path_on_it() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("file"), b"content").unwrap();
        for path in [scratch.path(), &scratch.path().join("file")] {
            sync_file_system(path).unwrap();
        }
        assert!(sync_file_system(&scratch.path().join("absent")).is_err());
    }

    #[test]
    fn makes_all_that_is_missing_of_a_path() {
        let scratch = tempfile::tempdir().unwrap();
        let deep = scratch.path().join("a/b/c");
        for _ in 0..2 {
            create_directory(&deep).unwrap();
            assert!(deep.is_dir());
        }
    }

    #[test]
    fn refuses_a_path_on_which_a_file_is_in_the_way() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("a"), b"").unwrap();
        for path in ["a", "a/b"] {
            let refused = create_directory(&scratch.path().join(path));
            assert!(refused.is_err(), "{path}");
        }
    }

    #[test]
    fn the_parent_of_a_bare_name_is_the_working_directory() {
        for (path, holds) in [("a", "."), ("a/b", "a"), ("/a", "/"), ("/", ".")] {
            assert_eq!(parent(Path::new(path)), Path::new(holds), "{path}");
        }
    }
}
