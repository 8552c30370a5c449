//! The next keys of the timestamp authority as their pods have them.

use std::path::{Path, PathBuf};

use sigstead_config::tsa::{Config, Successor, SuccessorsFile};
use sigstead_signer::{KeyConfig, KeyUri};

use super::files::PASSPHRASE;
use super::logs::{KEYS, place};
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The successors of an instance.
pub(super) struct Successors {
    listed: Vec<Successor>,
}

impl Successors {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(Service::Tsa);
        let path = folder.join("config.yaml");
        let failed =
            |path: &Path, error: &dyn std::fmt::Display| Failure::file("read", path, error);
        let config: Config =
            sigstead_kit::read_config(&path).map_err(|error| failed(&path, &error))?;
        let listed = match config.successors_file.map(|file| folder.join(file)) {
            Some(path) => SuccessorsFile::read(&path).map_err(|error| failed(&path, &error))?,
            None => SuccessorsFile::default(),
        };
        Ok(Self {
            listed: listed.successors,
        })
    }

    /// Their keys and chains in the instance.
    pub(super) fn files(&self, instance: &Instance) -> Vec<PathBuf> {
        let folder = instance.service(Service::Tsa);
        let files = self.listed.iter().flat_map(|successor| {
            let KeyUri::File(key) = &successor.key.uri;
            [folder.join(key), folder.join(&successor.chain)]
        });
        files.collect()
    }

    /// The file that lists them, where the chart mounts what it names.
    pub(super) fn mounted(self) -> Result<String, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", Path::new(FILE), error);
        let mounted = self.listed.into_iter().map(|successor| {
            let KeyUri::File(key) = &successor.key.uri;
            let uri = format!("file:{}", place(KEYS, key).display());
            Ok(Successor {
                key: KeyConfig {
                    uri: uri.parse().map_err(|error| failed(&error))?,
                    passphrase_file: Some(place(KEYS, Path::new(PASSPHRASE))),
                },
                chain: place(KEYS, &successor.chain),
                ..successor
            })
        });
        let file = SuccessorsFile {
            successors: mounted.collect::<Result<_, Failure>>()?,
        };
        sigstead_config::to_yaml(&file).map_err(|error| failed(&error))
    }
}

/// Its name in the Secret.
pub(super) const FILE: &str = "successors.yaml";
