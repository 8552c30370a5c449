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
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The parts of an instance that are read in ways of their own.
pub(super) struct Contents<'a> {
    instance: &'a Instance,
    /// What the walk through the instance leaves out.
    apart: Vec<PathBuf>,
    /// The record of issuances, relative to the instance.
    pub(super) record: Option<String>,
    /// The file of the repository that names the others, relative to the instance.
    pub(super) timestamp: Option<String>,
}

impl<'a> Contents<'a> {
    pub(super) fn of(instance: &'a Instance, logs: &[ConfiguredLog]) -> Result<Self, Failure> {
        let place = |service: Service, path: &Path| instance.service(service).join(path);
        let ca: sigstead_config::ca::Config = read(instance, Service::Ca)?;
        let oidc: sigstead_config::oidc::Config = read(instance, Service::Oidc)?;
        let tuf: sigstead_config::tuf::Config = read(instance, Service::Tuf)?;
        let record = place(Service::Ca, &ca.record.path);
        let timestamp = place(Service::Tuf, &tuf.repository).join("timestamp.json");
        let mut apart = vec![instance.path("run"), record.clone(), timestamp.clone()];
        if let StoreConfig::Sled { path } = &oidc.store {
            apart.push(place(Service::Oidc, path));
        }
        for log in logs {
            apart.extend([log.data.clone(), log.anchor.clone()]);
        }
        let contents = Self {
            instance,
            apart: apart.iter().filter_map(|path| resolved(path)).collect(),
            record: relative(instance, &record),
            timestamp: relative(instance, &timestamp),
        };
        Ok(contents)
    }

    /// The files that are small, each of which is replaced as a whole or appended to, relative to the instance.
    pub(super) fn plain(&self) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        let mut folders = vec![self.instance.directory().to_owned()];
        while let Some(folder) = folders.pop() {
            for (place, kind) in listing(&folder)? {
                if self.apart.contains(&place) || is_left_out(&place) {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(place);
                } else if kind.is_file() {
                    found.push(text(self.instance, &place)?);
                } else {
                    return Err(strange(&place));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The files of a folder that holds files alone, relative to the instance; none if it is not there.
    pub(super) fn below(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let place = self.instance.path(folder);
        let mut found = Vec::new();
        for (place, kind) in listing(&place)? {
            if kind.is_file() && !is_left_out(&place) {
                found.push(text(self.instance, &place)?);
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The folder of a log, relative to the instance. A backup that silently lacked a log would be none.
pub(super) fn log_folder(instance: &Instance, log: &ConfiguredLog) -> Result<String, Failure> {
    let inside = resolved(&log.data).and_then(|data| relative(instance, &data));
    inside.ok_or_else(|| {
        Failure::new(
            "E-CTL-208",
            format!(
                "{} has its data in {}, outside of the instance",
                log.name,
                log.data.display()
            ),
            "move the data into the folder of its service, and change `data` in the configuration",
        )
    })
}

fn read<T: serde::de::DeserializeOwned>(
    instance: &Instance,
    service: Service,
) -> Result<T, Failure> {
    let path = instance.service(service).join("config.yaml");
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

fn relative(instance: &Instance, path: &Path) -> Option<String> {
    let path = resolved(path)?;
    let below = path.strip_prefix(instance.directory()).ok()?;
    below.to_str().map(ToOwned::to_owned)
}

fn text(instance: &Instance, place: &Path) -> Result<String, Failure> {
    relative_text(instance, place).ok_or_else(|| strange(place))
}

fn relative_text(instance: &Instance, place: &Path) -> Option<String> {
    let below = place.strip_prefix(instance.directory()).ok()?;
    below.to_str().map(ToOwned::to_owned)
}
