//! The Kubernetes cluster that this service runs in, as an issuer.
//!
//! Its issuer URL, such as `https://kubernetes.default.svc`, is a name inside of the cluster, and on
//! hardened clusters its documents are shown only to who presents the credential of a pod.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt as _;
use url::Url;

/// Where the API server of the cluster is, and where the pod's service account lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeCluster {
    /// The address that the cluster tells its pods.
    pub api_server: Url,
    /// The folder with `token` and `ca.crt`, which the cluster renews from time to time.
    pub service_account: PathBuf,
}

/// A service account as it is now.
pub(crate) struct ServiceAccount {
    pub(crate) token: String,
    pub(crate) ca_cert: String,
}

impl HomeCluster {
    /// The cluster at the address that a pod finds in its environment, with the service account where the
    /// cluster puts it. None if the address cannot be one.
    #[must_use]
    pub fn at(host: &str, port: &str) -> Option<Self> {
        // An IPv6 address stands in brackets in a URL.
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        Some(Self {
            api_server: Url::parse(&format!("https://{host}:{port}")).ok()?,
            service_account: SERVICE_ACCOUNT.into(),
        })
    }

    /// Reads the account again: its token ends after an hour, and the cluster writes the next into the
    /// same file.
    pub(crate) async fn service_account(&self) -> io::Result<ServiceAccount> {
        let token = read(&self.service_account.join("token")).await?;
        Ok(ServiceAccount {
            token: token.trim().to_owned(),
            ca_cert: read(&self.service_account.join("ca.crt")).await?,
        })
    }
}

/// Whether an issuer is the cluster that its pods call by this name. K3s and clusters of kubeadm have the
/// long one.
pub(crate) fn is_home(issuer_url: &str) -> bool {
    let url = Url::parse(issuer_url).ok();
    url.and_then(|url| url.host_str().map(|host| HOSTS.contains(&host)))
        .unwrap_or(false)
}

async fn read(path: &Path) -> io::Result<String> {
    let file = tokio::fs::File::open(path).await?;
    let mut text = String::new();
    file.take(LARGEST_FILE).read_to_string(&mut text).await?;
    Ok(text)
}

pub(crate) const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
/// Kubernetes, "Service account issuer discovery": where every API server has its keys.
pub(crate) const KEYS_PATH: &str = "/openid/v1/jwks";

const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const HOSTS: [&str; 3] = [
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "kubernetes.default",
];
/// A bundle of authorities is the larger of the two files.
const LARGEST_FILE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_cluster_is_known_by_its_names() {
        for (url, home) in [
            ("https://kubernetes.default.svc", true),
            ("https://kubernetes.default.svc.cluster.local", true),
            (
                "https://kubernetes.default.svc.cluster.local.evil.example",
                false,
            ),
            ("https://evil.example/kubernetes.default.svc", false),
            ("https://oidc.eks.us-west-2.amazonaws.com/id/B02C93", false),
        ] {
            assert_eq!(is_home(url), home, "{url}");
        }
    }

    #[test]
    fn the_address_is_that_of_the_environment() {
        let at = |host, port| HomeCluster::at(host, port).map(|home| home.api_server.to_string());
        assert_eq!(at("10.96.0.1", "443").unwrap(), "https://10.96.0.1/");
        assert_eq!(at("fd00::1", "6443").unwrap(), "https://[fd00::1]:6443/");
        assert_eq!(at("10.96.0.1", "port"), None);
    }
}
