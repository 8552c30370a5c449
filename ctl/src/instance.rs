//! `instance.yaml`: what an instance is, and where its parts are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The services, in the order in which they are listed everywhere.
pub(crate) const SERVICES: [Service; 6] = [
    Service::Oidc,
    Service::Ctlog,
    Service::Ca,
    Service::Tsa,
    Service::Tlog,
    Service::Tuf,
];

/// A service of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Service {
    /// The identity issuer.
    Oidc,
    /// The certificate transparency log.
    Ctlog,
    /// The certificate authority.
    Ca,
    /// The timestamp authority.
    Tsa,
    /// The signature transparency log.
    Tlog,
    /// The trust root repository.
    Tuf,
}

impl Service {
    /// As folders and programs spell it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Ctlog => "ctlog",
            Self::Ca => "ca",
            Self::Tsa => "tsa",
            Self::Tlog => "tlog",
            Self::Tuf => "tuf",
        }
    }
}

/// What the instance may do beside serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// For a laptop or a test: `sigctl token` makes identity tokens.
    Dev,
    /// For real use: identity tokens come from people and workloads only.
    Production,
}

/// The ports of one service; chosen once, because URLs and names are made of them.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ports {
    /// HTTP and gRPC for clients.
    pub(crate) public: u16,
    /// Health and metrics.
    pub(crate) ops: u16,
    /// gRPC with mutual TLS for administrators.
    pub(crate) admin: u16,
}

/// The content of `instance.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The format of this file.
    pub(crate) version: u32,
    /// The instance's name.
    pub(crate) name: String,
    /// The host under which clients reach it.
    pub(crate) host: String,
    /// Whether the public listeners speak TLS.
    pub(crate) tls: bool,
    /// What the instance may do beside serving.
    pub(crate) profile: Profile,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: time::OffsetDateTime,
    /// The file with the passphrase of its keys.
    pub(crate) passphrase_file: PathBuf,
    /// The ports of each service.
    pub(crate) ports: BTreeMap<Service, Ports>,
    /// Tells the instance from all others, and from none of its copies. One that was made before has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The directory of the logs' anchors, outside of the instance. One that was made before has them beside the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) anchors: Option<PathBuf>,
}

impl Manifest {
    /// The only format so far.
    pub(crate) const VERSION: u32 = 1;

    /// The URL that clients dial, without a trailing slash.
    pub(crate) fn url(&self, service: Service) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.ports(service).public)
    }

    /// Where health and metrics of a service are.
    pub(crate) fn ops_url(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.ports(service).ops)
    }

    /// The ports of a service. A manifest without one is refused when it is read.
    pub(crate) fn ports(&self, service: Service) -> Ports {
        self.ports.get(&service).copied().unwrap_or(Ports {
            public: 0,
            ops: 0,
            admin: 0,
        })
    }

    /// The domain that logs are named in. On one machine it is a name that only certificates and checkpoints carry.
    pub(crate) fn domain(&self) -> String {
        if self.host == "localhost" {
            format!("{}.localhost", self.name)
        } else {
            self.host.clone()
        }
    }
}

/// An instance on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    directory: PathBuf,
    /// What it is.
    pub(crate) manifest: Manifest,
}

impl Instance {
    /// Opens an instance.
    pub(crate) fn open(directory: &Path) -> Result<Self, Failure> {
        let file = directory.join("instance.yaml");
        let not_an_instance = |cause: String| {
            Failure::new(
                "E-CTL-004",
                format!("{} is not an instance", directory.display()),
                format!("make one: sigctl init {} --name NAME", directory.display()),
            )
            .because(cause)
        };
        let manifest: Manifest =
            sigstead_kit::read_config(&file).map_err(|error| not_an_instance(error.to_string()))?;
        if manifest.version != Manifest::VERSION {
            return Err(not_an_instance(format!(
                "its format is version {}",
                manifest.version
            )));
        }
        if let Some(missing) = SERVICES
            .iter()
            .find(|each| !manifest.ports.contains_key(each))
        {
            return Err(not_an_instance(format!(
                "it names no ports of {}",
                missing.name()
            )));
        }
        let directory = std::path::absolute(directory)
            .map_err(|error| Failure::file("resolve", directory, error))?;
        Ok(Self {
            directory,
            manifest,
        })
    }

    /// An instance that is being made.
    pub(crate) const fn new(directory: PathBuf, manifest: Manifest) -> Self {
        Self {
            directory,
            manifest,
        }
    }

    /// A path in it.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.directory.join(relative)
    }

    /// The folder of a service.
    pub(crate) fn service(&self, service: Service) -> PathBuf {
        self.directory.join(service.name())
    }

    /// The file that holds the process id of a running service.
    pub(crate) fn pid_file(&self, service: Service) -> PathBuf {
        self.path("run").join(format!("{}.pid", service.name()))
    }

    /// The file that a service logs to.
    pub(crate) fn log_file(&self, service: Service) -> PathBuf {
        self.path("run").join(format!("{}.log", service.name()))
    }

    /// The file with the passphrase of its keys.
    pub(crate) fn passphrase_file(&self) -> PathBuf {
        self.directory.join(&self.manifest.passphrase_file)
    }

    /// The passphrase of its keys.
    pub(crate) fn passphrase(&self) -> Result<Vec<u8>, Failure> {
        let file = self.passphrase_file();
        let mut passphrase =
            std::fs::read(&file).map_err(|error| Failure::file("read", &file, error))?;
        while passphrase
            .last()
            .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
        {
            passphrase.pop();
        }
        Ok(passphrase)
    }
}
