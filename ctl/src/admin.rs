//! The admin listeners of services, reached with the operator's certificate.

use std::path::PathBuf;
use std::time::Duration;

use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use crate::cluster::{Forward, Link};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::own_certificate::{self, Owner};

/// Something whose admin interfaces can be reached.
pub(crate) trait Reach {
    /// The file of the authority of its admin interfaces.
    fn authority(&self) -> PathBuf;

    /// The file of the certificate to show.
    fn certificate(&self) -> PathBuf;

    /// The file of the certificate's key.
    fn key(&self) -> PathBuf;

    /// The URL of the admin interface of a service.
    fn url(&self, service: Service) -> Result<String, Failure>;

    /// The release in which the services run, if not on this machine.
    fn cluster(&self) -> Option<&Link> {
        None
    }

    /// The port of the admin interface in a pod.
    fn admin_port(&self, _: Service) -> u16 {
        0
    }

    /// Whose the certificate is, who renews it or is told of its end.
    fn owner(&self) -> Owner<'_> {
        Owner::Person
    }
}

impl Reach for Instance {
    fn authority(&self) -> PathBuf {
        self.path("trust/admin-ca.pem")
    }

    fn certificate(&self) -> PathBuf {
        self.path("trust/admin-client.pem")
    }

    fn key(&self) -> PathBuf {
        self.path("trust/admin-client.key")
    }

    fn url(&self, service: Service) -> Result<String, Failure> {
        let port = self.manifest.ports(service).admin;
        Ok(format!("https://127.0.0.1:{port}"))
    }

    fn cluster(&self) -> Option<&Link> {
        self.manifest.cluster.as_ref()
    }

    fn admin_port(&self, service: Service) -> u16 {
        self.manifest.ports(service).admin
    }

    fn owner(&self) -> Owner<'_> {
        Owner::Instance(self)
    }
}

/// An instance that is only looked at: nothing of it is renewed.
pub(crate) struct Looked<'a>(pub(crate) &'a Instance);

impl Reach for Looked<'_> {
    fn authority(&self) -> PathBuf {
        self.0.authority()
    }

    fn certificate(&self) -> PathBuf {
        self.0.certificate()
    }

    fn key(&self) -> PathBuf {
        self.0.key()
    }

    fn url(&self, service: Service) -> Result<String, Failure> {
        Reach::url(self.0, service)
    }

    fn cluster(&self) -> Option<&Link> {
        self.0.cluster()
    }

    fn admin_port(&self, service: Service) -> u16 {
        self.0.admin_port(service)
    }

    fn owner(&self) -> Owner<'_> {
        Owner::Nobody
    }
}

/// A connection to a service's admin listener, with mutual TLS.
pub(crate) async fn connect(instance: &dyn Reach, service: Service) -> Result<Channel, Failure> {
    connect_for(instance, service, PATIENCE).await
}

/// The same for calls that may take up to `longest`.
pub(crate) async fn connect_for(
    instance: &dyn Reach,
    service: Service,
    longest: Duration,
) -> Result<Channel, Failure> {
    let shown =
        own_certificate::identity(instance.owner(), &instance.certificate(), &instance.key())
            .await?;
    let read =
        |path: PathBuf| std::fs::read(&path).map_err(|error| Failure::file("read", &path, error));
    let tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(read(instance.authority())?))
        .identity(Identity::from_pem(shown.certificate, shown.key));
    let forward = match instance.cluster() {
        Some(link) => Some(Forward::open(link, service, instance.admin_port(service)).await?),
        None => None,
    };
    let url = match &forward {
        Some(forward) => forward.url(),
        None => instance.url(service)?,
    };
    let failed = |error: tonic::transport::Error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Failure::service(
            service.name(),
            &url,
            cause.unwrap_or_else(|| error.to_string()),
        )
    };
    let unreachable = |error: tonic::transport::Error| {
        Failure::unreachable(service.name(), &url, sigstead_kit::causes(&error))
    };
    let endpoint = Channel::from_shared(url.clone())
        .map_err(|error| Failure::service(service.name(), &url, error))?
        .tls_config(tls)
        .map_err(failed)?
        .connect_timeout(PATIENCE)
        .timeout(longest);
    // The certificates of both sides are checked while the connection is made, so a failure here is not always a service
    // that does not run; the cause says which.
    let connected = async {
        match forward {
            Some(forward) => forward.connect(&endpoint).await,
            None => endpoint.connect().await,
        }
    };
    let connected = tokio::time::timeout(PATIENCE, connected).await;
    // A process that is stopped still has its connections accepted, by the kernel.
    let late = |_| Failure::unreachable(service.name(), &url, "it does not answer".to_owned());
    connected.map_err(late)?.map_err(unreachable)
}

/// What a service answered instead of doing it.
pub(crate) fn refused(status: Status) -> Failure {
    let told = |name: &str| status.metadata().get(name)?.to_str().ok();
    let code = told("sigstead-code").unwrap_or("E-CTL-003").to_owned();
    let message = status.message();
    let message = message
        .strip_prefix(&format!("{code}: "))
        .unwrap_or(message)
        .to_owned();
    Failure::named(code.clone(), message, format!("sigctl explain {code}"))
        .of_request(told("sigstead-request-id"))
}

/// Longer than hashing a password takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);
