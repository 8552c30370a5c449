use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a service cannot be bound or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, not ours, or not permitted.
    #[error("cannot listen on {address}")]
    Bind {
        /// The configured address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the TLS configuration cannot be read.
    #[error("cannot read {}", path.display())]
    TlsFile {
        /// The configured path.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls_pki_types::pem::Error,
    },
    /// The file has no certificate in it.
    #[error("{} contains no certificate", path.display())]
    NoCertificate {
        /// The configured path.
        path: PathBuf,
    },
    /// Certificate and key do not fit together, or one of them is unusable.
    #[error("cannot use the certificate {} with the key {}", certificate.display(), key.display())]
    TlsPair {
        /// Path of the certificate.
        certificate: PathBuf,
        /// Path of the key.
        key: PathBuf,
        /// What does not fit.
        source: rustls::Error,
    },
    /// The certificate authorities for clients cannot be used.
    #[error("cannot use {} to check client certificates", path.display())]
    ClientAuthority {
        /// The configured path.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A descriptor set given for reflection is malformed.
    #[error("cannot describe the gRPC services")]
    Reflection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A metric exists already under a name that the kit uses.
    #[error("cannot register the request metrics")]
    Metrics(#[source] prometheus::Error),
    /// The exporter of traces cannot be made.
    #[error("cannot export traces to {endpoint}")]
    Telemetry {
        /// The configured endpoint.
        endpoint: url::Url,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another subscriber was installed before.
    #[error("logging is set up already")]
    LoggingTwice,
    /// The HTTP client cannot be made.
    #[error("cannot build the http client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}
