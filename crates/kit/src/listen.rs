use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address_block::AddressBlock;

/// The three listeners of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// Where clients are served, gRPC and HTTP on the same port.
    pub public: ListenConfig,
    /// The reverse proxies in front of the public listener, as addresses or blocks of them such as `10.0.0.0/8`. Only such
    /// a one is believed when it names the caller; without any, a request comes from the address that connects, and all who
    /// come through one proxy share the limits of one caller. A block that holds other machines lets those name callers too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<AddressBlock>,
    /// The header in which the trusted proxies name the caller. The other one is ignored: a proxy that does not write it passes
    /// on what the caller wrote into it.
    #[serde(default, skip_serializing_if = "CallerHeader::is_default")]
    pub caller_header: CallerHeader,
    /// Health, readiness and metrics, without access control: bind it to loopback or to the
    /// cluster network only.
    pub ops: ListenConfig,
    /// The admin interface, mutual TLS only. Without it the service has no admin interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<AdminListenConfig>,
}

impl Listeners {
    /// Plain listeners on the given addresses, without an admin interface.
    #[must_use]
    pub fn plain(public: SocketAddr, ops: SocketAddr) -> Self {
        Self {
            public: ListenConfig::plain(public),
            trusted_proxies: Vec::new(),
            caller_header: CallerHeader::default(),
            ops: ListenConfig::plain(ops),
            admin: None,
        }
    }

    /// Plain listeners on free ports of the loopback address.
    #[must_use]
    pub fn for_test() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::plain(any_port, any_port)
    }
}

/// Where a reverse proxy names the caller of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CallerHeader {
    /// `X-Forwarded-For`, a list of addresses, which most proxies write.
    #[default]
    XForwardedFor,
    /// `Forwarded`, with the parameter `for` (RFC 7239 §5.2).
    Forwarded,
}

impl CallerHeader {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenConfig {
    /// IP address and port, such as `127.0.0.1:8080` or `[::]:8080`; port 0 takes a free one. The
    /// service does not start if the address is taken.
    pub address: SocketAddr,
    /// Certificate and key. Without it the listener speaks plain text and belongs behind a proxy
    /// that ends TLS, or on loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,
}

impl ListenConfig {
    /// A listener without TLS.
    #[must_use]
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }
}

/// A certificate for TLS and its key. Both files are watched: new contents are taken without a
/// restart, and a pair that does not fit together is refused while the old one stays in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with the certificate first and its intermediates after it.
    pub certificate: PathBuf,
    /// PEM file with the private key (PKCS#8, SEC 1 or PKCS#1, not encrypted). It must belong to
    /// the certificate; of several keys, the one that does is taken.
    pub key: PathBuf,
}

/// The address of the admin interface. Client certificates are required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminListenConfig {
    /// IP address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Certificate and key of the service's admin interface.
    pub tls: TlsConfig,
    /// PEM file with the certificate authorities whose client certificates are let in. What the
    /// holder may do stands in the certificate. A file `admin-revoked.txt` beside this one lists
    /// the serial numbers of certificates that count no more; it is read for each call.
    pub client_ca: PathBuf,
    /// The folder of the record of what administrators do, made when it is not there. Default
    /// `audit`. Without room in it nothing is done over this interface but to look.
    #[serde(default = "audit", skip_serializing_if = "is_audit")]
    pub audit: PathBuf,
    /// The file that says how far that record has come. On a disk or under a user of its own it
    /// catches more. Default `head` in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<PathBuf>,
}

impl AdminListenConfig {
    /// An interface with its record in the folder that it has when nothing is said.
    #[must_use]
    pub fn new(address: SocketAddr, tls: TlsConfig, client_ca: PathBuf) -> Self {
        Self {
            address,
            tls,
            client_ca,
            audit: audit(),
            audit_head: None,
        }
    }
}

/// An address where every caller has to show a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedListenConfig {
    /// IP address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Certificate and key that callers are shown.
    pub tls: TlsConfig,
    /// PEM file with the authorities whose client certificates are let in. It is watched, and a change counts for new
    /// connections.
    pub client_ca: PathBuf,
}

fn audit() -> PathBuf {
    "audit".into()
}

fn is_audit(path: &std::path::Path) -> bool {
    path == audit()
}
