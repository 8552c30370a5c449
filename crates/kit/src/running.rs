use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

/// Which process answers at `/readyz`. An open port alone may be another's: `sigctl` compares this with the instance that it
/// looks at.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    service: &'static str,
    folder: PathBuf,
    folder_id: String,
    since: Instant,
}

/// What `/readyz` tells of a [`Running`].
#[derive(Debug, Serialize)]
pub(crate) struct Process<'a> {
    service: &'a str,
    version: &'static str,
    pid: u32,
    folder: &'a Path,
    folder_id: &'a str,
    uptime_seconds: u64,
}

impl Running {
    /// This process, from now on. It works in the folder of its configuration.
    pub(crate) fn new(service: &'static str) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self {
            service,
            // Without a folder the process runs on and is recognised by nobody.
            folder_id: folder_id(&folder).unwrap_or_default(),
            folder,
            since: Instant::now(),
        }
    }

    pub(crate) fn process(&self) -> Process<'_> {
        Process {
            service: self.service,
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            folder: &self.folder,
            folder_id: &self.folder_id,
            uptime_seconds: self.since.elapsed().as_secs(),
        }
    }
}

/// What a folder is whatever its path is spelled: it stays the same through links, mounts and moves, and a copy has another.
///
/// # Errors
/// The folder cannot be looked at.
pub fn folder_id(folder: &Path) -> io::Result<String> {
    let found = std::fs::metadata(folder)?;
    Ok(format!("{:x}:{:x}", found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::folder_id;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "no power cut is feared in a test"
    )]
    fn a_folder_is_the_same_by_every_path_and_its_copy_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (first, link) = (folder.path().join("first"), folder.path().join("link"));
        let (moved, copy) = (folder.path().join("moved"), folder.path().join("copy"));
        std::fs::create_dir(&first).unwrap();
        std::fs::create_dir(&copy).unwrap();
        std::os::unix::fs::symlink(&first, &link).unwrap();
        let id = folder_id(&first).unwrap();
        assert_eq!(folder_id(&link).unwrap(), id);
        assert_eq!(folder_id(&first.join("../first")).unwrap(), id);
        assert_ne!(folder_id(&copy).unwrap(), id);
        std::fs::rename(&first, &moved).unwrap();
        assert_eq!(folder_id(&moved).unwrap(), id);
    }
}
