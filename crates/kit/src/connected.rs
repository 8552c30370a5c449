use std::net::IpAddr;

use rustls_pki_types::CertificateDer;

/// Where a request comes from; an extension of every request. It is the address that connected or, if that is a trusted proxy,
/// the one that the proxy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerAddress(pub IpAddr);

/// The certificate that the client proved to hold; an extension of every request to the admin interface, and of those to
/// the public port whose caller showed one that it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate(pub CertificateDer<'static>);
