//! The TUF repository of an instance, as it is on disk: what is published there, and how the next publication is laid out.

use std::fs;
use std::path::{Path, PathBuf};

use sigstead_config::tuf::Config;
use sigstead_trust_root::tuf::target_path;
use sigstead_trust_root::tuf::{Hashes, Role, Root, Signed, Snapshot, Targets, Timestamp};
use sigstead_trust_root::{Published, Target, TrustState, TrustedRoot};

use super::next_root::Online;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The directory that the `tuf` service serves.
pub(crate) struct Repository {
    directory: PathBuf,
}

/// A publication whose roles are signed; a role that is `None` stays as it is published.
pub(super) struct SignedPublication {
    pub(super) files: Vec<Target>,
    pub(super) root: Option<Signed<Root>>,
    pub(super) targets: Option<Signed<Targets>>,
}

impl Repository {
    /// The repository that the configuration of the `tuf` service names.
    pub(crate) fn of(instance: &Instance) -> Result<Self, Failure> {
        let config = Self::config(instance)?;
        // Paths in a configuration are relative to its file.
        Ok(Self::at(
            instance.service(Service::Tuf).join(config.repository),
        ))
    }

    /// The configuration of the service that serves it.
    pub(crate) fn config(instance: &Instance) -> Result<Config, Failure> {
        let path = instance.service(Service::Tuf).join("config.yaml");
        sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
    }

    /// The repository in a directory.
    pub(super) const fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What clients have now. Signatures are not checked: the service did before it published.
    pub(super) fn published(&self, state: &TrustState) -> Result<Published, Failure> {
        let root = self.newest::<Root>()?;
        let targets = self.newest::<Targets>()?;
        let trusted_root = self.trusted_root(&targets, state)?;
        Ok(Published {
            root,
            targets,
            trusted_root,
        })
    }

    /// Metadata in a file of its own name, such as `timestamp.json`; `None` if it is not there yet.
    pub(crate) fn metadata<T: Role>(&self, file: &str) -> Result<Option<Signed<T>>, Failure> {
        let path = self.directory.join(file);
        match fs::read(&path) {
            Ok(bytes) => Signed::parse(&bytes)
                .map(Some)
                .map_err(|error| self.damaged(file, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file("read", &path, error)),
        }
    }

    /// The newest version of a role that has numbered files.
    pub(crate) fn newest<T: Role>(&self) -> Result<T, Failure> {
        Ok(self.newest_signed::<T>()?.signed)
    }

    /// The same with its signatures.
    pub(crate) fn newest_signed<T: Role>(&self) -> Result<Signed<T>, Failure> {
        let file = self.newest_file(T::NAME)?;
        let metadata = self.metadata(&file)?;
        metadata.ok_or_else(|| self.damaged(&file, &"it is not there"))
    }

    /// What clients have of the online roles; `None` of both if there is no timestamp yet, or not the snapshot that it names.
    pub(super) fn online(&self) -> Result<Option<Online>, Failure> {
        let Some(timestamp) = self.metadata::<Timestamp>("timestamp.json")? else {
            return Ok(None);
        };
        let version = timestamp.signed.snapshot().map_or(0, |it| it.version);
        let snapshot = self.metadata(&format!("{version}.{}.json", Snapshot::NAME))?;
        Ok(snapshot.map(|snapshot| Online {
            snapshot,
            timestamp,
        }))
    }

    /// The bytes of the newest root, with which clients begin.
    pub(crate) fn newest_root_file(&self) -> Result<Vec<u8>, Failure> {
        let path = self.directory.join(self.newest_file(Root::NAME)?);
        fs::read(&path).map_err(|error| Failure::file("read", &path, error))
    }

    /// Writes a publication: first the files that nothing names yet, then the root, then the targets that name the files.
    /// A crash between any two of these leaves the old publication whole.
    pub(super) fn lay_out(&self, publication: &SignedPublication) -> Result<(), Failure> {
        for file in &publication.files {
            let path = self.directory.join(target_path(&file.name, &file.bytes));
            // The name has the content's hash in it, so what is there is the same or damaged.
            if fs::read(&path).is_ok_and(|bytes| bytes == file.bytes) {
                continue;
            }
            replace(&path, &file.bytes)?;
        }
        if let Some(root) = &publication.root {
            self.put(root)?;
        }
        if let Some(targets) = &publication.targets {
            self.put(targets)?;
        }
        Ok(())
    }

    fn put<T: Role>(&self, metadata: &Signed<T>) -> Result<(), Failure> {
        let path = self.directory.join(metadata.signed.file_name());
        replace(&path, &metadata.encode())
    }

    /// The versions of a role that has numbered files, the oldest first; at least one.
    pub(super) fn versions(&self, role: &str) -> Result<Vec<u64>, Failure> {
        let failed = |error| Failure::file("read", &self.directory, error);
        let ending = format!(".{role}.json");
        let mut versions: Vec<u64> = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let version = name.to_str().and_then(|name| name.strip_suffix(&ending));
            versions.extend(version.and_then(|version| version.parse::<u64>().ok()));
        }
        if versions.is_empty() {
            return Err(self.damaged(&format!("N{ending}"), &"no version of it is there"));
        }
        versions.sort_unstable();
        Ok(versions)
    }

    /// One version of a role that has numbered files, with its signatures.
    pub(super) fn version<T: Role>(&self, version: u64) -> Result<Signed<T>, Failure> {
        let file = format!("{version}.{}.json", T::NAME);
        let metadata = self.metadata(&file)?;
        metadata.ok_or_else(|| self.damaged(&file, &"it is not there"))
    }

    /// The bytes of a target that the targets name, which must be those that they mean.
    pub(super) fn target(&self, targets: &Targets, name: &str) -> Result<Vec<u8>, Failure> {
        let meta = targets.targets.get(name);
        let meta = meta.ok_or_else(|| self.damaged(name, &"the targets do not name it"))?;
        let file = format!("targets/{}.{name}", meta.hashes.sha256);
        let bytes = fs::read(self.directory.join(&file));
        let bytes = bytes.map_err(|error| self.damaged(&file, &error))?;
        match Hashes::of(&bytes) == meta.hashes && bytes.len() as u64 == meta.length {
            true => Ok(bytes),
            false => Err(self.damaged(&file, &"it is not what the targets name")),
        }
    }

    fn newest_file(&self, role: &str) -> Result<String, Failure> {
        let newest = self.versions(role)?.pop().unwrap_or_default();
        Ok(format!("{newest}.{role}.json"))
    }

    /// The trusted root that the targets name. Where its file is lost or damaged, the trust state gives the same document
    /// unless it has changed since, and the publication writes the file again.
    fn trusted_root(&self, targets: &Targets, state: &TrustState) -> Result<TrustedRoot, Failure> {
        const NAME: &str = "trusted_root.json";
        let meta = targets.targets.get(NAME);
        let meta = meta.ok_or_else(|| self.damaged(NAME, &"the targets do not name it"))?;
        let file = format!("targets/{}.{NAME}", meta.hashes.sha256);
        let stored = fs::read(self.directory.join(file)).ok();
        let derived = state.trusted_root().ok().map(|root| root.encode());
        let named = [stored, derived]
            .into_iter()
            .flatten()
            .find(|bytes| Hashes::of(bytes) == meta.hashes);
        let named = named.ok_or_else(|| {
            self.damaged(
                NAME,
                &"neither it nor the trust state is what the targets name",
            )
        })?;
        TrustedRoot::parse(&named).map_err(|error| self.damaged(NAME, &error))
    }

    pub(super) fn damaged(&self, file: &str, cause: &dyn std::fmt::Display) -> Failure {
        Failure::new(
            "E-CTL-034",
            format!("{file} in {} cannot be used", self.directory.display()),
            "restore the repository from a copy; every version of the root must be there",
        )
        .because(cause)
    }
}

/// Replaces a file as a whole, durably, and makes the folders above it. A crash leaves the old content or the new, and
/// perhaps a `.new` file beside it that nobody reads.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::file("write", path, error);
    sigstead_durable::create_directory(sigstead_durable::parent(path)).map_err(failed)?;
    sigstead_durable::replace(path, bytes).map_err(failed)
}
