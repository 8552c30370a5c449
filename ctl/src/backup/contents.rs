//! Which files of an instance are in a backup: all that cannot be made again, and nothing that must not be copied.
//!
//! | Not in it | Because |
//! |---|---|
//! | the anchors | one that is as old as the copy cannot notice that the copy is old |
//! | the sessions of `oidc` (sled) | it cannot be copied while it is written, and old ones would make codes and tokens good again that were used |
//! | `known/`, `search/`, `leaves/` of logs | they are made again from the entries |
//! | `run/` | it is about processes |
//! | `lock` files, `*.new` | nobody reads them; `*.new` is what an interrupted replacement leaves |

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sigstead_store::StoreConfig;

use super::packer::strange;
use super::volume::Volume;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};

/// The parts of an instance, or of the volume of one of its services, that are read in ways of their own.
pub(super) struct Contents {
    /// The folder of all of it, by its one true path.
    root: PathBuf,
    /// What the walk through the folder leaves out.
    apart: Vec<PathBuf>,
    /// The record of issuances, relative to the folder.
    pub(super) record: Option<String>,
    /// The file of the repository that names the others, relative to the folder.
    pub(super) timestamp: Option<String>,
}

impl Contents {
    /// What there is in an instance with these logs.
    pub(super) fn of_instance(
        instance: &Instance,
        logs: &[ConfiguredLog],
    ) -> Result<Self, Failure> {
        let mut contents = Self::at(instance.directory());
        contents.leave_out(&instance.path("run"));
        for service in SERVICES {
            contents.take_service(service, &instance.service(service))?;
        }
        contents.leave_out_logs(logs);
        Ok(contents)
    }

    /// What there is on the volume of a service with these logs.
    pub(super) fn of_volume(volume: &Volume, logs: &[ConfiguredLog]) -> Result<Self, Failure> {
        let mut contents = Self::at(volume.root());
        // The file system's own, which the superuser alone reads.
        contents.leave_out(&volume.root().join("lost+found"));
        contents.take_service(volume.service(), volume.config())?;
        contents.leave_out_logs(logs);
        Ok(contents)
    }

    fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            apart: Vec::new(),
            record: None,
            timestamp: None,
        }
    }

    /// Learns from the configuration of a service, in its folder, what is read in another way.
    fn take_service(&mut self, service: Service, folder: &Path) -> Result<(), Failure> {
        match service {
            Service::Ca => {
                let ca: sigstead_config::ca::Config = read(folder)?;
                let record = folder.join(&ca.record.path);
                self.leave_out(&record);
                self.record = relative(&self.root, &record);
            }
            Service::Oidc => {
                let oidc: sigstead_config::oidc::Config = read(folder)?;
                if let StoreConfig::Sled { path } = &oidc.store {
                    self.leave_out(&folder.join(path));
                }
            }
            Service::Tuf => {
                let tuf: sigstead_config::tuf::Config = read(folder)?;
                let timestamp = folder.join(&tuf.repository).join("timestamp.json");
                self.leave_out(&timestamp);
                self.timestamp = relative(&self.root, &timestamp);
            }
            Service::Tsa | Service::Tlog | Service::Ctlog => {}
        }
        Ok(())
    }

    fn leave_out_logs(&mut self, logs: &[ConfiguredLog]) {
        for log in logs {
            self.leave_out(&log.data);
            self.leave_out(&log.anchor);
        }
    }

    fn leave_out(&mut self, place: &Path) {
        self.apart.extend(resolved(place));
    }

    /// The files that are small, each of which is replaced as a whole or appended to, relative to the folder.
    pub(super) fn plain(&self) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for (place, kind) in listing(&folder)? {
                if self.apart.contains(&place) || is_left_out(&place) {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(place);
                } else if kind.is_file() {
                    found.push(text(&self.root, &place)?);
                } else {
                    return Err(strange(&place));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The files of a folder that holds files alone, relative to that of all; none if it is not there.
    pub(super) fn below(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let place = self.root.join(folder);
        let mut found = Vec::new();
        for (place, kind) in listing(&place)? {
            if kind.is_file() && !is_left_out(&place) {
                found.push(text(&self.root, &place)?);
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The folder of a log, relative to that of all. A backup that silently lacked a log would be none.
pub(super) fn log_folder(root: &Path, log: &ConfiguredLog) -> Result<String, Failure> {
    let inside = resolved(&log.data).and_then(|data| relative(root, &data));
    inside.ok_or_else(|| {
        Failure::new(
            "E-CTL-208",
            format!(
                "{} has its data in {}, outside of what is backed up",
                log.name,
                log.data.display()
            ),
            "move the data into the folder of its service, and change `data` in the configuration",
        )
    })
}

fn read<T: serde::de::DeserializeOwned>(folder: &Path) -> Result<T, Failure> {
    let path = folder.join("config.yaml");
    sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

/// What is in a folder; nothing if it is not there.
fn listing(folder: &Path) -> Result<Vec<(PathBuf, fs::FileType)>, Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        found.push((entry.path(), entry.file_type().map_err(failed)?));
    }
    Ok(found)
}

fn is_left_out(place: &Path) -> bool {
    place.file_name().is_some_and(|name| name == "lock")
        || place.extension().is_some_and(|ending| ending == "new")
}

/// Where a path leads, also if its last part is not there.
fn resolved(path: &Path) -> Option<PathBuf> {
    let known = fs::canonicalize(path).ok();
    known.or_else(|| {
        let parent = fs::canonicalize(path.parent()?).ok()?;
        Some(parent.join(path.file_name()?))
    })
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let path = resolved(path)?;
    let below = path.strip_prefix(root).ok()?;
    below.to_str().map(ToOwned::to_owned)
}

fn text(root: &Path, place: &Path) -> Result<String, Failure> {
    let below = place.strip_prefix(root).ok().and_then(Path::to_str);
    below.map(ToOwned::to_owned).ok_or_else(|| strange(place))
}
