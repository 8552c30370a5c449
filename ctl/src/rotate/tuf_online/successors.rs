//! The file in which the service finds its next keys.

use std::path::PathBuf;

use sigstead_config::tuf::{Config, Successor, SuccessorsFile};

use super::part::OnlinePlan;
use crate::failure::Failure;
use crate::init::configuration::key_config;
use crate::instance::{Instance, Service};
use crate::replace::replace;

/// The successors that the configuration of the repository names.
pub(super) struct Successors {
    path: PathBuf,
    file: SuccessorsFile,
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
        Ok(Self { path, file })
    }

    /// The list with the next keys.
    pub(super) fn with(self, instance: &Instance, plan: &OnlinePlan) -> Result<Self, Failure> {
        let key = |path: PathBuf| key_config(instance, &path.display().to_string());
        let mut listed = self.without(plan);
        listed.file.successors.push(Successor {
            snapshot_key: key(plan.snapshot_key()),
            timestamp_key: key(plan.timestamp_key()),
        });
        Ok(listed)
    }

    /// The list without them.
    pub(super) fn without(mut self, plan: &OnlinePlan) -> Self {
        let next = plan.snapshot_key();
        let is_next = |each: &Successor| each.snapshot_key.path() == Some(&next);
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
