//! The file in which the service finds its next keys.

use std::path::PathBuf;

use sigstead_config::tuf::{Config, Successor, SuccessorsFile};
use sigstead_signer::KeyConfig;

use super::part::OnlinePlan;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::replace::replace;

/// The successors that the configuration of the repository names.
pub(super) struct Successors {
    path: PathBuf,
    file: SuccessorsFile,
    /// The key of the snapshot role that the configuration names itself.
    first: KeyConfig,
}

impl Successors {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(Service::Tuf);
        let config = folder.join("config.yaml");
        let read: Config = sigstead_kit::read_config(&config)
            .map_err(|error| Failure::file("read", &config, error))?;
        let path = read.successors_file.ok_or_else(|| {
            Failure::new(
                "E-CTL-334",
                format!("{} names no successors_file", config.display()),
                "write `successors_file: successors.yaml` into it, then: sigctl restart tuf",
            )
        })?;
        let path = folder.join(path);
        let file = SuccessorsFile::read(&path);
        let file = file.map_err(|error| Failure::file("read", &path, error))?;
        Ok(Self {
            path,
            file,
            first: read.snapshot_key,
        })
    }

    /// The newest key of the snapshot role, as the service names it.
    pub(super) fn signing_key(&self) -> KeyConfig {
        let newest = self.file.successors.last().map(|each| &each.snapshot_key);
        newest.unwrap_or(&self.first).clone()
    }

    /// The list with the next keys.
    pub(super) fn with(self, instance: &Instance, plan: &OnlinePlan) -> Result<Self, Failure> {
        let [snapshot_key, timestamp_key] = plan.keys(instance);
        let mut listed = self.without(instance, plan);
        listed.file.successors.push(Successor {
            snapshot_key,
            timestamp_key,
        });
        Ok(listed)
    }

    /// The list without them.
    pub(super) fn without(mut self, instance: &Instance, plan: &OnlinePlan) -> Self {
        let [next, _] = plan.keys(instance);
        let is_next = |each: &Successor| match next.path() {
            Some(path) => each.snapshot_key.path() == Some(path),
            None => each.snapshot_key == next,
        };
        self.file.successors.retain(|each| !is_next(each));
        self
    }

    pub(super) fn write(&self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &self.path, error);
        let text = sigstead_config::to_yaml(&self.file).map_err(|error| failed(&error))?;
        let text = format!("{HEAD}{text}");
        replace(&self.path, text.as_bytes()).map_err(|error| failed(&error))
    }
}

const HEAD: &str = "# Written by `sigctl rotate tuf-online`; comments are not kept.\n";
