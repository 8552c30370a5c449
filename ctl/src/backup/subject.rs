//! What is backed up: an instance, or the volume of one of its services in a cluster.

use std::path::{Path, PathBuf};

use sigstead_archive::Opening;
use time::OffsetDateTime;

use super::contents::{Contents, log_folder};
use super::log_keys::LogKeys;
use super::name::Names;
use super::outside;
use super::volume::Volume;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::trust::Turn;

/// Something that becomes one backup.
#[derive(Clone)]
pub(crate) enum Subject {
    /// All of an instance that is in one folder.
    Instance(Instance),
    /// What one pod of an instance has.
    Volume(Volume),
}

/// A log with what is known of it.
pub(super) struct KeyedLog {
    pub(super) log: ConfiguredLog,
    /// Its folder, relative to that of the subject.
    pub(super) data: String,
    pub(super) keys: LogKeys,
}

impl Subject {
    /// Where all of it is.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Instance(instance) => instance.directory(),
            Self::Volume(volume) => volume.root(),
        }
    }

    /// The instance that it is, or is part of.
    pub(super) const fn instance(&self) -> &Instance {
        match self {
            Self::Instance(instance) => instance,
            Self::Volume(volume) => volume.instance(),
        }
    }

    /// The names of its backups.
    pub(super) fn names(&self) -> Names {
        let names = Names::of(self.instance());
        match self {
            Self::Instance(_) => names,
            Self::Volume(volume) => names.of_part(&volume.part()),
        }
    }

    /// What is locked while it is sent away.
    pub(super) fn lock(&self) -> PathBuf {
        match self {
            Self::Instance(instance) => instance.path(Instance::FILE),
            Self::Volume(volume) => volume.root().to_owned(),
        }
    }

    /// Its logs, as they are configured now.
    pub(super) fn configured(&self) -> Result<Vec<ConfiguredLog>, Failure> {
        match self {
            Self::Instance(instance) => ConfiguredLog::all(instance),
            Self::Volume(volume) => ConfiguredLog::of_service(volume.service(), volume.config()),
        }
    }

    /// The same with what is known of their keys. Those of an instance are opened for it.
    pub(super) async fn logs(&self) -> Result<Vec<KeyedLog>, Failure> {
        let mut logs = Vec::new();
        for log in self.configured()? {
            let keys = match self {
                Self::Instance(_) => LogKeys::Known(log.public_key().await?),
                Self::Volume(volume) => LogKeys::trusted(volume, log.face)?,
            };
            let data = log_folder(self.root(), &log)?;
            logs.push(KeyedLog { log, data, keys });
        }
        Ok(logs)
    }

    /// What there is beside its logs.
    pub(super) fn contents(&self, logs: &[ConfiguredLog]) -> Result<Contents, Failure> {
        match self {
            Self::Instance(instance) => Contents::of_instance(instance, logs),
            Self::Volume(volume) => Contents::of_volume(volume, logs),
        }
    }

    /// The right to change the trust state, if it has that: nobody publishes meanwhile, and no log is opened by `sigctl`.
    pub(super) fn turn(&self) -> Result<Option<Turn>, Failure> {
        let Self::Instance(instance) = self else {
            return Ok(None);
        };
        let has_trust = instance.path("trust").is_dir();
        has_trust.then(|| Turn::take(instance)).transpose()
    }

    /// What it uses and has elsewhere. Of a volume that is all that the chart mounts beside it, which is kept where it was made.
    pub(super) fn outside(&self, logs: &[&ConfiguredLog]) -> Result<Vec<String>, Failure> {
        match self {
            Self::Instance(instance) => outside::of(instance, logs),
            Self::Volume(_) => Ok(Vec::new()),
        }
    }

    /// What its archive says of itself.
    pub(super) fn opening(&self, began: OffsetDateTime) -> Opening {
        let manifest = &self.instance().manifest;
        Opening {
            format: sigstead_archive::FORMAT,
            made_by: format!("sigctl {}", env!("CARGO_PKG_VERSION")),
            instance: manifest.name.clone(),
            id: manifest.id.clone(),
            part: match self {
                Self::Instance(_) => None,
                Self::Volume(volume) => Some(volume.part()),
            },
            began,
        }
    }
}
