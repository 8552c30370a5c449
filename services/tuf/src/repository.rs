//! The repository's files.
//!
//! Layout: `N.root.json` for every version, `N.targets.json`, `N.snapshot.json`, `timestamp.json`, and
//! `targets/<sha256>.<name>`; beside them, in `client/`, the page for clients with its files. All but `timestamp.json` and those in
//! `client/` are written once. A file becomes visible whole or not at all:
//! it is written beside its place, synced, and renamed. A crash leaves at most a `.new` file, which nobody reads.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sigstead_trust_root::ClientPage;
use sigstead_trust_root::tuf::{Hashes, Role, Signed, Targets};

use crate::error::Error;

/// A directory that holds a TUF repository.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    directory: PathBuf,
}

impl Repository {
    /// The repository in a directory.
    #[must_use]
    pub(crate) const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Writes a file, whole and durable.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let place = self.directory.join(path);
        write_durably(&place, bytes).map_err(|source| Error::Write {
            path: place,
            source,
        })
    }

    /// A file by its path in the repository, or `None` if it is not there or is no file of a repository.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match is_public(path) {
            true => self.read_own(path),
            false => Ok(None),
        }
    }

    /// The same of a file that is not for clients.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn read_own(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let place = self.directory.join(path);
        match fs::read(&place) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if names_no_file(&error) => Ok(None),
            Err(source) => Err(Error::Read {
                path: place,
                source,
            }),
        }
    }

    /// The newest metadata of a role that has numbered files, with its bytes.
    ///
    /// # Errors
    /// If the directory or the file cannot be read, or is not metadata of the role.
    pub(crate) fn latest<T: Role>(&self) -> Result<Option<Stored<T>>, Error> {
        match self.latest_version(T::NAME)? {
            Some(version) => self.metadata(&format!("{version}.{}.json", T::NAME)),
            None => Ok(None),
        }
    }

    /// One metadata file, parsed, with its bytes.
    ///
    /// # Errors
    /// If the file cannot be read, or is not metadata of the role.
    pub(crate) fn metadata<T: Role>(&self, path: &str) -> Result<Option<Stored<T>>, Error> {
        let Some(bytes) = self.read(path)? else {
            return Ok(None);
        };
        let metadata = Signed::parse(&bytes).map_err(|source| Error::Metadata {
            file: path.to_owned(),
            source,
        })?;
        Ok(Some((metadata, bytes)))
    }

    /// The content of a target that the metadata names, compared with its hash.
    ///
    /// # Errors
    /// If the target is not named, not there, or not what the metadata says.
    pub(crate) fn target(&self, targets: &Targets, name: &str) -> Result<Vec<u8>, Error> {
        let missing = || Error::TargetMissing {
            name: name.to_owned(),
        };
        let meta = targets.targets.get(name).ok_or_else(missing)?;
        let path = format!("targets/{}.{name}", meta.hashes.sha256);
        let bytes = self.read(&path)?.ok_or_else(missing)?;
        if Hashes::of(&bytes) != meta.hashes || bytes.len() as u64 != meta.length {
            return Err(Error::TargetDiffers {
                name: name.to_owned(),
            });
        }
        Ok(bytes)
    }

    fn latest_version(&self, role: &str) -> Result<Option<u64>, Error> {
        let ending = format!(".{role}.json");
        let failed = |source| Error::Read {
            path: self.directory.clone(),
            source,
        };
        let mut latest = None;
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let version = name
                .to_str()
                .and_then(|name| name.strip_suffix(&ending)?.parse().ok());
            latest = latest.max(version);
        }
        Ok(latest)
    }
}

/// Metadata, and the bytes that it was read from.
pub(crate) type Stored<T> = (Signed<T>, Vec<u8>);

/// Whether there is no file of that name, or could be none. A client that asks for such a name is no fault of the disk.
fn names_no_file(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory, NotFound};
    matches!(
        error.kind(),
        NotFound | IsADirectory | NotADirectory | InvalidFilename
    )
}

/// Whether a path names a file that a client may ask for. Anything else, above all a path that leaves the directory,
/// does not exist.
fn is_public(path: &str) -> bool {
    let name = match path.split_once('/') {
        Some(("targets" | ClientPage::FOLDER, name)) => name,
        Some(_) => return false,
        None => path,
    };
    !name.is_empty()
        && !name.starts_with('.')
        && !name.ends_with(".new")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn write_durably(place: &Path, bytes: &[u8]) -> io::Result<()> {
    sigstead_durable::create_directory(sigstead_durable::parent(place))?;
    sigstead_durable::replace(place, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_only_names_of_repository_files() {
        for path in [
            "1.root.json",
            "timestamp.json",
            "targets/ab12.trusted_root.json",
            "client/index.html",
        ] {
            assert!(is_public(path), "{path}");
        }
        for path in [
            "",
            ".",
            "..",
            "../passphrase",
            "targets/../../passphrase",
            "targets/",
            "client/",
            "client/../passphrase",
            "client/targets/ab12.trusted_root.json",
            "keys/snapshot.key",
            "/etc/passwd",
            "timestamp.json.new",
            "1.root.json\0",
            "targets/a b",
        ] {
            assert!(!is_public(path), "{path:?}");
        }
    }

    #[test]
    fn a_written_file_reads_back_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let repository = Repository::new(directory.path().to_owned());
        repository.write("targets/00.a.json", b"one").unwrap();
        repository.write("targets/00.a.json", b"two").unwrap();
        assert_eq!(
            repository.read("targets/00.a.json").unwrap().unwrap(),
            b"two"
        );
        assert_eq!(repository.read("targets/01.a.json").unwrap(), None);
        assert_eq!(
            fs::read_dir(directory.path().join("targets"))
                .unwrap()
                .count(),
            1
        );
    }
}
