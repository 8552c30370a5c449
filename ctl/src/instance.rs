//! `instance.yaml`: what an instance is, and where its parts are.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use sigstead_config::Origin;

use crate::cluster::Link;
use crate::ct_log::CtLog;
use crate::failure::Failure;
use crate::lifetimes::Lifetimes;
use crate::profile::Profile;
use crate::{input, names, private};

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

/// A reverse proxy in front of the instance, which ends the TLS of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxy {
    /// The first of its ports, one for each service, if it has one name, the host. Without it each service and each log
    /// has a name of its own below the host, all on port 443.
    pub(crate) first_port: Option<u16>,
}

impl Proxy {
    /// The highest first port that leaves room for the others.
    pub(crate) const HIGHEST_FIRST_PORT: u16 = u16::MAX - SERVICES.len() as u16 + 1;
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
    /// The address on which the public listeners listen, if not the one that the host suggests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<IpAddr>,
    /// Whether the public listeners speak TLS.
    pub(crate) tls: bool,
    /// What clients reach it through, if not the listeners themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) proxy: Option<Proxy>,
    /// What the instance may do beside serving.
    pub(crate) profile: Profile,
    /// Where its certificates are logged.
    #[serde(default, skip_serializing_if = "CtLog::is_own")]
    pub(crate) ct_log: CtLog,
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
    /// The directory of the logs' anchors and of the heads of the records of acts, outside of the instance. One that was made
    /// before has them beside what they are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) anchors: Option<PathBuf>,
    /// What the first Rekor v2 log was called, if it was not left to `init`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rekor_name: Option<Origin>,
    /// What the first certificate transparency log was called, if it was not left to `init`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ct_name: Option<Origin>,
    /// How long what the operator signs is valid.
    #[serde(default, skip_serializing_if = "Lifetimes::is_default")]
    pub(crate) lifetimes: Lifetimes,
    /// The release of the chart in which its services run, if they do not run on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cluster: Option<Link>,
}

impl Manifest {
    /// The only format so far.
    pub(crate) const VERSION: u32 = 1;

    /// Reads a manifest; `directory` is the instance as the caller names it.
    fn read(directory: &Path) -> Result<Self, Failure> {
        let file = directory.join(Instance::FILE);
        let bytes = match private::read(&file, LARGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(not_an_instance(directory));
            }
            Err(error) => return Err(Failure::file("read", &file, error)),
        };
        let text = String::from_utf8(bytes).map_err(|error| damaged(&file, error))?;
        let name = file.display().to_string();
        // Before the rest, which another format may have changed.
        let Format { version } =
            sigstead_kit::parse_config(&name, &text).map_err(|error| damaged(&file, error))?;
        if version > Self::VERSION {
            return Err(newer(directory, version));
        }
        let manifest: Self =
            sigstead_kit::parse_config(&name, &text).map_err(|error| damaged(&file, error))?;
        manifest.check().map_err(|cause| damaged(&file, cause))?;
        Ok(manifest)
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), String> {
        names::parse_name(&self.name).map_err(|error| format!("name: {error}"))?;
        names::parse_host(&self.host).map_err(|error| format!("host: {error}"))?;
        let first = self.proxy.and_then(|proxy| proxy.first_port);
        if first.is_some_and(|first| first == 0 || first > Proxy::HIGHEST_FIRST_PORT) {
            return Err(
                "proxy.first_port: it leaves no room for a port of each service".to_owned(),
            );
        }
        match SERVICES.iter().find(|each| !self.ports.contains_key(each)) {
            Some(missing) => Err(format!("it names no ports of {}", missing.name())),
            None => Ok(()),
        }
    }

    /// The URL that clients dial, without a trailing slash. Of a service with several names it is that of Rekor v1, or of the
    /// first CT log.
    pub(crate) fn url(&self, service: Service) -> String {
        match self.proxy.map(|proxy| proxy.first_port) {
            None => self.listener_url(&self.host, service),
            Some(None) => format!("https://{}", self.public_name(service)),
            Some(Some(first)) => {
                let port = (first..).zip(SERVICES).find(|(_, each)| *each == service);
                let port = port.map_or(first, |(port, _)| port);
                format!("https://{}:{port}", self.host)
            }
        }
    }

    /// The URL of a log that `service` serves, by the host name that the log has in its checkpoints.
    pub(crate) fn log_url(&self, service: Service, host: &str) -> String {
        match self.has_names() {
            true => format!("https://{host}"),
            false => self.url(service),
        }
    }

    /// Where the services themselves, and this program on the same machine, reach a service: past the proxy.
    pub(crate) fn local_url(&self, service: Service) -> String {
        if self.proxy.is_none() || self.cluster.is_some() {
            return self.url(service);
        }
        let address = match self.listen_address() {
            address if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            address => address,
        };
        match address {
            IpAddr::V4(address) => self.listener_url(&address.to_string(), service),
            IpAddr::V6(address) => self.listener_url(&format!("[{address}]"), service),
        }
    }

    fn listener_url(&self, host: &str, service: Service) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{host}:{}", self.ports(service).public)
    }

    /// Whether each service and each log has a host name of its own.
    pub(crate) fn has_names(&self) -> bool {
        self.proxy.is_some_and(|proxy| proxy.first_port.is_none())
    }

    /// The name of a service below the host, if [`Self::has_names`]; one label, so that one certificate and one record of the
    /// DNS can be for all of them.
    pub(crate) fn public_name(&self, service: Service) -> String {
        let host = &self.host;
        match (service, &self.ct_name) {
            (Service::Ctlog, Some(name)) => name.as_str().to_owned(),
            (Service::Ctlog, None) => format!("ct{}-1.{host}", self.created.year()),
            (Service::Tlog, _) => format!("rekor.{host}"),
            (other, _) => format!("{}.{host}", other.name()),
        }
    }

    /// Where the head of a record of acts is: with the anchors, because a copy of the instance is to be no copy of it.
    pub(crate) fn audit_head(&self, writer: &str) -> Option<PathBuf> {
        let anchors = self.anchors.as_ref()?;
        Some(anchors.join("audit").join(writer).join("head"))
    }

    /// Whether clients meet certificates of the instance's own authority.
    pub(crate) fn shows_own_tls(&self) -> bool {
        self.tls && self.proxy.is_none()
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

    /// Where the public listeners listen.
    pub(crate) fn listen_address(&self) -> IpAddr {
        self.listen.unwrap_or_else(|| match self.proxy {
            Some(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            None => names::listen_address(&self.host),
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
    /// The file that makes a directory an instance.
    pub(crate) const FILE: &str = "instance.yaml";

    /// Opens an instance. However its path is spelled, it is the same one afterwards.
    pub(crate) fn open(directory: &Path) -> Result<Self, Failure> {
        let manifest = Manifest::read(directory)?;
        let directory = std::fs::canonicalize(directory)
            .map_err(|error| Failure::file("resolve", directory, error))?;
        Ok(Self {
            directory,
            manifest,
        })
    }

    /// Where it is, by its one true path.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
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
        let passphrase =
            private::read(&file, LARGEST).map_err(|error| Failure::file("read", &file, error))?;
        Ok(input::without_line_end(passphrase))
    }
}

/// What every format of the manifest has.
#[derive(Deserialize)]
struct Format {
    version: u32,
}

fn not_an_instance(directory: &Path) -> Failure {
    let shown = directory.display();
    Failure::new(
        "E-CTL-004",
        format!("{shown} is not an instance: it has no {}", Instance::FILE),
        format!("check the path, or make an instance: sigctl init {shown} --name NAME"),
    )
}

fn newer(directory: &Path, version: u32) -> Failure {
    Failure::new(
        "E-CTL-072",
        format!(
            "{} was made by a newer sigctl: its format is {version}, and this one reads {}",
            directory.display(),
            Manifest::VERSION
        ),
        "use the release that made it, or a later one; `sigctl version` shows this one's",
    )
}

fn damaged(file: &Path, cause: impl std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-072",
        format!("{} cannot be understood", file.display()),
        "mend what the cause names, or bring the file back from a copy; do not make the instance again",
    )
    .because(cause)
}

/// More than any manifest or passphrase needs.
const LARGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests;
