//! Nobody else on the machine reads what the process writes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::folder::Folder;

/// CVE-2021-38553: everybody on the machine could read the database of another issuer.
#[test]
fn all_that_is_written_is_private_under_a_umask_of_zero() {
    let folder = Folder::new();
    let log = folder.run_until_ready();
    assert!(!log.contains("is private now"), "{log}");
    let written = folder.written();
    for name in ["users", "sessions", "sessions/db"] {
        assert!(written.contains(&folder.path(name)), "no {name}");
    }
    for path in written {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn files_that_others_could_read_are_narrowed_at_start_and_that_is_logged() {
    let folder = Folder::new();
    folder.run_until_ready();
    for path in folder.written() {
        let wide = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(wide)).unwrap();
    }
    let log = folder.run_until_ready();
    for name in ["users", "sessions"] {
        let lines = log.lines().filter(|line| {
            line.contains(&format!("{name} was open to other users of this machine"))
        });
        assert_eq!(lines.count(), 1, "{name}: {log}");
    }
    for path in folder.written() {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode()
}
