//! The keys of the timestamp authority, which follow one another, as its pods have them.

use std::path::{Path, PathBuf};

use sigstead_config::tsa::{Config, Successor, SuccessorsFile};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::{KeyConfig, KeyUri};

use super::files::PASSPHRASE;
use super::logs::{KEYS, place};
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The keys of an instance.
pub(super) struct Successors {
    config: Config,
    file: SuccessorsFile,
}

impl Successors {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(Service::Tsa);
        let path = folder.join("config.yaml");
        let failed =
            |path: &Path, error: &dyn std::fmt::Display| Failure::file("read", path, error);
        let config: Config =
            sigstead_kit::read_config(&path).map_err(|error| failed(&path, &error))?;
        let file = match config
            .successors_file
            .as_ref()
            .map(|file| folder.join(file))
        {
            Some(path) => SuccessorsFile::read(&path).map_err(|error| failed(&path, &error))?,
            None => SuccessorsFile::default(),
        };
        Ok(Self { config, file })
    }

    /// The keys and chains that a service opens. Those that are long over may be gone.
    pub(super) fn files(&self, instance: &Instance) -> Vec<PathBuf> {
        let folder = instance.service(Service::Tsa);
        let ring = self.config.ring(&self.file, SystemClock.now());
        let files = ring.iter().flat_map(|opened| {
            let KeyUri::File(key) = &opened.key.uri;
            [folder.join(key), folder.join(opened.chain)]
        });
        files.collect()
    }

    /// The file that lists them, where the chart mounts what it names.
    pub(super) fn mounted(self) -> Result<String, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", Path::new(FILE), error);
        let mounted = self.file.successors.into_iter().map(|successor| {
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
