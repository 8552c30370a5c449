//! The volume of a service in a cluster, as a pod mounts it beside what says whose it is.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_archive::{Opening, Part};
use sigstead_trust_root::TrustedRoot;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;

/// Which volume, and where it is mounted.
#[derive(Args)]
pub(crate) struct Mounted {
    /// The service whose volume it is.
    service: Service,

    /// Which of the service's pods has it, counted from zero.
    #[arg(long, value_name = "N", default_value_t = 0)]
    replica: u16,

    /// Where the volume is mounted.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/sigstead")]
    volume: PathBuf,

    /// Where the configuration of the service is mounted, as config.yaml.
    #[arg(long, value_name = "DIR", default_value = "/etc/sigstead/config")]
    config: PathBuf,

    /// Where `instance.yaml` and `trusted_root.json` of the instance are mounted.
    #[arg(long, value_name = "DIR", default_value = "/etc/sigstead/client")]
    client: PathBuf,
}

/// A volume that is mounted.
#[derive(Clone)]
pub(crate) struct Volume {
    service: Service,
    replica: u16,
    root: PathBuf,
    config: PathBuf,
    client: Instance,
}

impl Mounted {
    /// Looks at what is mounted.
    pub(crate) fn open(self) -> Result<Volume, Failure> {
        let root = fs::canonicalize(&self.volume);
        Ok(Volume {
            service: self.service,
            replica: self.replica,
            root: root.map_err(|error| Failure::file("resolve", &self.volume, error))?,
            config: self.config,
            client: Instance::open(&self.client)?,
        })
    }
}

impl Volume {
    /// Where it is, by its one true path.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The service whose volume it is.
    pub(crate) const fn service(&self) -> Service {
        self.service
    }

    /// The folder of the service's configuration.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// The instance that the service is part of, of which nothing but its name and its identifier is here.
    pub(crate) const fn instance(&self) -> &Instance {
        &self.client
    }

    /// What a backup of it says that it is.
    pub(crate) fn part(&self) -> Part {
        Part {
            service: self.service.name().to_owned(),
            replica: self.replica,
        }
    }

    /// What clients of the instance trust, from which the keys of its logs are taken: those that sign are in no pod but the
    /// service's own.
    pub(super) fn trusted(&self) -> Result<TrustedRoot, Failure> {
        let path = self.client.path("trusted_root.json");
        let failed = |error: &dyn std::fmt::Display| Failure::file("read", &path, error);
        let bytes = private::read(&path, LARGEST).map_err(|error| failed(&error))?;
        TrustedRoot::parse(&bytes).map_err(|error| failed(&sigstead_kit::causes(&error)))
    }

    /// Refuses a backup of something else.
    pub(crate) fn refuse_other(&self, opening: &Opening) -> Result<(), Failure> {
        let manifest = &self.client.manifest;
        let is_ours = opening.instance == manifest.name && opening.id == manifest.id;
        if is_ours && opening.part.as_ref() == Some(&self.part()) {
            return Ok(());
        }
        let found = match &opening.part {
            Some(Part { service, replica }) => format!("the volume of {service} {replica} of"),
            None => "the whole of".to_owned(),
        };
        Err(Failure::new(
            "E-CTL-215",
            format!("the backup is of {found} {}", opening.instance),
            format!(
                "name a backup of the volume of {} {} of {}",
                self.service.name(),
                self.replica,
                manifest.name
            ),
        ))
    }
}

/// Refuses the backup of a volume where that of a whole instance is wanted.
pub(crate) fn refuse_part(opening: &Opening) -> Result<(), Failure> {
    let Some(Part { service, replica }) = &opening.part else {
        return Ok(());
    };
    Err(Failure::new(
        "E-CTL-215",
        format!(
            "the backup is of the volume of {service} {replica} of {}, and of no whole instance",
            opening.instance
        ),
        "`sigctl backup verify` proves it, and `sigctl kubernetes restore` lays it out on such a volume",
    ))
}

/// More than a trusted root has.
const LARGEST: u64 = 1 << 20;
