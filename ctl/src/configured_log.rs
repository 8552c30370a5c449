//! A log of an instance, whichever service has it, with its files where they are on this machine.

use std::path::{Path, PathBuf};

use sigstead_archive::LogFace;
use sigstead_config::{ctlog, tlog};
use sigstead_key::PublicKey;
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};
use sigstead_signer::KeyConfig;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::log_configs;

/// A log as the configuration of its service describes it.
pub(crate) struct ConfiguredLog {
    /// The first line of its checkpoints.
    pub(crate) name: String,
    /// The interface that it offers.
    pub(crate) face: LogFace,
    /// The directory of its journal and tiles.
    pub(crate) data: PathBuf,
    /// The file that remembers how far it has come.
    pub(crate) anchor: PathBuf,
    key: KeyConfig,
}

impl ConfiguredLog {
    /// A log of which nothing but its name matters.
    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            face: LogFace::RekorV2,
            data: PathBuf::new(),
            anchor: PathBuf::new(),
            key: KeyConfig::file("log.key", None),
        }
    }

    /// All logs of an instance: those of Rekor in the order in which they were opened, the CT logs last.
    pub(crate) fn all(instance: &Instance) -> Result<Vec<Self>, Failure> {
        let folder = instance.service(Service::Tlog);
        let logs = log_configs::signature_logs(instance)?.into_iter();
        let mut all: Vec<_> = logs.map(|log| of_tlog(&folder, log)).collect();
        let folder = instance.service(Service::Ctlog);
        let logs = log_configs::certificate_logs(instance)?.into_iter();
        all.extend(logs.map(|log| of_ctlog(&folder, log)));
        Ok(all)
    }

    /// All logs of a service whose configuration is in a folder; none if it is a service without logs.
    pub(crate) fn of_service(service: Service, folder: &Path) -> Result<Vec<Self>, Failure> {
        match service {
            Service::Tlog => {
                let logs = log_configs::signature_logs_of(folder)?.into_iter();
                Ok(logs.map(|log| of_tlog(folder, log)).collect())
            }
            Service::Ctlog => {
                let logs = log_configs::certificate_logs_of(folder)?.into_iter();
                Ok(logs.map(|log| of_ctlog(folder, log)).collect())
            }
            Service::Ca | Service::Oidc | Service::Tsa | Service::Tuf => Ok(Vec::new()),
        }
    }

    /// The head that this machine remembers of it, if any.
    pub(crate) fn anchored(&self) -> Result<Option<Anchored>, Failure> {
        let loaded = FileAnchor::new(&self.anchor).load();
        loaded.map_err(|error| Failure::file("use", &self.anchor, sigstead_kit::causes(&error)))
    }

    /// Its key, with whole paths.
    pub(crate) const fn key(&self) -> &KeyConfig {
        &self.key
    }

    /// The public half of its key, which has to be opened for that.
    pub(crate) async fn public_key(&self) -> Result<PublicKey, Failure> {
        let signer = sigstead_signer::open(&self.key).await.map_err(|error| {
            Failure::new(
                "E-CTL-011",
                format!("the key of {} cannot be used", self.name),
                "bring the key back to where it was; the instance's passphrase opens it",
            )
            .because(sigstead_kit::causes(&error))
        })?;
        Ok(signer.public_key().clone())
    }
}

fn of_tlog(folder: &Path, log: tlog::LogConfig) -> ConfiguredLog {
    let name = match log.tree_id {
        Some(tree_id) => format!("{} - {tree_id}", log.origin),
        None => log.origin.to_string(),
    };
    ConfiguredLog {
        name,
        face: match log.face {
            tlog::Face::RekorV1 => LogFace::RekorV1,
            tlog::Face::RekorV2 => LogFace::RekorV2,
        },
        data: folder.join(log.data),
        anchor: folder.join(log.anchor),
        key: log.key.in_folder(folder),
    }
}

fn of_ctlog(folder: &Path, log: ctlog::LogConfig) -> ConfiguredLog {
    ConfiguredLog {
        name: log.origin.to_string(),
        face: LogFace::Ct,
        data: folder.join(log.data),
        anchor: folder.join(log.anchor),
        key: log.key.in_folder(folder),
    }
}
