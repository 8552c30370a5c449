//! The admin listeners of services, reached with the operator's certificate.

use std::time::Duration;

use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// A connection to a service's admin listener, with mutual TLS.
pub(crate) async fn connect(instance: &Instance, service: Service) -> Result<Channel, Failure> {
    connect_for(instance, service, PATIENCE).await
}

/// The same for calls that may take up to `longest`.
pub(crate) async fn connect_for(
    instance: &Instance,
    service: Service,
    longest: Duration,
) -> Result<Channel, Failure> {
    let read = |relative: &str| {
        let path = instance.path(relative);
        std::fs::read(&path).map_err(|error| Failure::file("read", &path, error))
    };
    let tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(read("trust/admin-ca.pem")?))
        .identity(Identity::from_pem(
            read("trust/admin-client.pem")?,
            read("trust/admin-client.key")?,
        ));
    let url = format!(
        "https://127.0.0.1:{}",
        instance.manifest.ports(service).admin
    );
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
    let connected = tokio::time::timeout(PATIENCE, endpoint.connect()).await;
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
