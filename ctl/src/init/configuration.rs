//! The configuration files of the services. Paths in them are relative to the file, so that an instance can be moved.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sigstead_config::{ca, ctlog, oidc, tlog, tsa, tuf};
use sigstead_identity::{AlsoConfig, IssuerConfig, IssuerType, IssuersConfig};
use sigstead_kit::{
    AddressBlock, AdminListenConfig, CallerHeader, ListenConfig, Listeners, TlsConfig,
};
use sigstead_signer::KeyConfig;
use sigstead_store::StoreConfig;
use url::Url;

use super::instance_key::{InstanceKey, Places};
use super::trust::{ct_origin, rekor_origin, rekor_v1_host};
use super::{unusable_value, write as write_file};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::services;
use crate::tls_files::SUBMITTER;

pub(super) fn write(
    instance: &Instance,
    places: &Places,
    trusted_proxies: &[AddressBlock],
) -> Result<(), Failure> {
    let writer = Writer {
        instance,
        places,
        trusted_proxies,
    };
    for service in services::of(&instance.manifest) {
        match service {
            Service::Ca => writer.ca()?,
            Service::Ctlog => writer.ctlog()?,
            Service::Oidc => writer.oidc()?,
            Service::Tlog => writer.tlog()?,
            Service::Tsa => writer.tsa()?,
            Service::Tuf => writer.tuf()?,
        }
    }
    Ok(())
}

/// A key in the folder of a service, opened with the instance's passphrase.
pub(crate) fn key_config(instance: &Instance, path: &str) -> KeyConfig {
    let passphrase = &instance.manifest.passphrase_file;
    let passphrase_file = if passphrase.is_absolute() {
        passphrase.clone()
    } else {
        Path::new("..").join(passphrase)
    };
    KeyConfig::file(path, Some(passphrase_file))
}

/// The number of a Rekor v1 shard: random, so that no two shards in the world share one.
pub(crate) fn random_tree_id() -> Result<NonZeroU64, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| unusable_value("a tree id", &error))?;
    // Below 2^63, as its readers demand.
    let id = u64::from_be_bytes(bytes) >> 1;
    Ok(NonZeroU64::new(id).unwrap_or(NonZeroU64::MIN))
}

struct Writer<'a> {
    instance: &'a Instance,
    places: &'a Places,
    trusted_proxies: &'a [AddressBlock],
}

impl Writer<'_> {
    fn ca(&self) -> Result<(), Failure> {
        let url = self.instance.manifest.local_url(Service::Ctlog);
        let url = url
            .parse()
            .map_err(|error| unusable_value("the URL of the CT log", &error))?;
        let mut ct_log = ca::CtLogConfig::new(url, "ctlog.pub".into());
        if self.instance.manifest.tls {
            ct_log.ca = Some(TLS_CA.into());
            ct_log.identity = Some(pair(SUBMITTER));
        }
        let mut config = ca::Config::new(
            self.listeners(Service::Ca),
            self.key(InstanceKey::Ca),
            "chain.pem".into(),
            "issuers.yaml".into(),
            ct_log,
        );
        config.successors_file = Some("successors.yaml".into());
        match self.instance.manifest.ct_log.is_own() {
            true => config.ct_log_file = Some("ct-logs.yaml".into()),
            false => config.ct_log = ca::CtLogs::None,
        }
        write_file(
            &self.instance.path("ca/issuers.yaml"),
            self.issuers()?.as_bytes(),
        )?;
        self.write(Service::Ca, &config)
    }

    fn ctlog(&self) -> Result<(), Failure> {
        let mut config = ctlog::Config::new(
            self.listeners(Service::Ctlog),
            ct_origin(&self.instance.manifest)?,
            self.key(InstanceKey::Ctlog),
            "roots.pem".into(),
            "data".into(),
            self.anchor("ctlog"),
        );
        config.submitters = self.instance.manifest.tls.then(|| TLS_CA.into());
        config.opened_logs = Some("logs.d".into());
        self.write(Service::Ctlog, &config)
    }

    fn oidc(&self) -> Result<(), Failure> {
        let issuer = self.instance.manifest.url(Service::Oidc);
        let issuer = issuer
            .parse()
            .map_err(|error| unusable_value("the issuer", &error))?;
        let mut config = oidc::Config::new(
            self.listeners(Service::Oidc),
            issuer,
            self.key(InstanceKey::Oidc),
            StoreConfig::Sled {
                path: "sessions".into(),
            },
            "users".into(),
        );
        config.clients_file = Some("clients.yaml".into());
        config.successors_file = Some("successors.yaml".into());
        config.pages.name = Some(self.instance.manifest.name.clone());
        self.write(Service::Oidc, &config)
    }

    fn tlog(&self) -> Result<(), Failure> {
        let v1 = tlog::LogConfig::rekor_v1(
            rekor_v1_host(&self.instance.manifest)?,
            random_tree_id()?,
            self.key(InstanceKey::RekorV1),
            "rekor-v1".into(),
            self.anchor("rekor-v1"),
        );
        let v2 = tlog::LogConfig::rekor_v2(
            rekor_origin(&self.instance.manifest)?,
            self.key(InstanceKey::RekorV2),
            "rekor-v2".into(),
            self.anchor("rekor-v2"),
        );
        let mut config = tlog::Config::new(self.listeners(Service::Tlog), vec![v1, v2]);
        config.opened_logs = Some("logs.d".into());
        self.write(Service::Tlog, &config)
    }

    fn tsa(&self) -> Result<(), Failure> {
        let listeners = self.listeners(Service::Tsa);
        let mut config =
            tsa::Config::new(listeners, self.key(InstanceKey::Tsa), "chain.pem".into());
        config.successors_file = Some("successors.yaml".into());
        self.write(Service::Tsa, &config)
    }

    fn tuf(&self) -> Result<(), Failure> {
        let mut config = tuf::Config::new(
            self.listeners(Service::Tuf),
            "repository".into(),
            self.key(InstanceKey::TufSnapshot),
            self.key(InstanceKey::TufTimestamp),
        );
        config.successors_file = Some("successors.yaml".into());
        if let Some(freshness) = self.instance.manifest.profile.freshness() {
            config.snapshot_validity = freshness;
            config.timestamp_validity = freshness;
        }
        self.write(Service::Tuf, &config)
    }

    /// The issuers file of the certificate authority, in Fulcio's own format.
    fn issuers(&self) -> Result<String, Failure> {
        let manifest = &self.instance.manifest;
        let mut issuer =
            IssuerConfig::new(manifest.url(Service::Oidc), "sigstore", IssuerType::Email);
        issuer.description = format!("the issuer of instance {}", manifest.name);
        // Workloads have no e-mail address; their subjects are URLs at the issuer's host.
        issuer.also.push(AlsoConfig {
            kind: IssuerType::Uri,
            client_id: String::new(),
            subject_domain: host_of(&manifest.url(Service::Oidc))?,
        });
        if manifest.proxy.is_some() {
            // The proxy may have a certificate that this machine does not trust, or be nowhere yet.
            let keys = format!("{}/keys", manifest.local_url(Service::Oidc));
            let keys = keys
                .parse()
                .map_err(|error| unusable_value(&keys, &error))?;
            issuer.jwks_uri = Some(keys);
        }
        if manifest.tls {
            let path = self.instance.service(Service::Ca).join(TLS_CA);
            issuer.ca_cert =
                fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
        }
        IssuersConfig::default()
            .with_issuer(issuer)
            .to_yaml()
            .map_err(|error| unusable_value("the file of issuers", &error))
    }

    fn listeners(&self, service: Service) -> Listeners {
        let ports = self.instance.manifest.ports(service);
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut admin = AdminListenConfig::new(
            SocketAddr::new(loopback, ports.admin),
            pair("admin"),
            "admin-ca.pem".into(),
        );
        admin.audit_head = self.instance.manifest.audit_head(service.name());
        Listeners {
            public: ListenConfig {
                address: SocketAddr::new(self.instance.manifest.listen_address(), ports.public),
                tls: self.instance.manifest.tls.then(|| pair("tls")),
            },
            trusted_proxies: self.trusted_proxies.to_vec(),
            caller_header: CallerHeader::default(),
            ops: ListenConfig::plain(SocketAddr::new(loopback, ports.ops)),
            admin: Some(admin),
        }
    }

    fn anchor(&self, log: &str) -> PathBuf {
        let folder = self.instance.manifest.anchors.as_deref();
        folder.unwrap_or_else(|| Path::new("anchors")).join(log)
    }

    /// A key of a service: where it is said to be, or in a file that the instance's passphrase opens.
    fn key(&self, name: InstanceKey) -> KeyConfig {
        let (_, file) = name.file();
        let place = self.places.get(&name).cloned();
        place.unwrap_or_else(|| key_config(self.instance, file))
    }

    fn write<T: Serialize>(&self, service: Service, config: &T) -> Result<(), Failure> {
        let path: PathBuf = self.instance.service(service).join("config.yaml");
        let text = sigstead_config::to_yaml(config)
            .map_err(|error| Failure::file("write", &path, error))?;
        write_file(&path, text.as_bytes())
    }
}

/// A certificate and its key as `init` makes them.
fn pair(name: &str) -> TlsConfig {
    TlsConfig {
        certificate: format!("{name}.pem").into(),
        key: format!("{name}.key").into(),
    }
}

/// Scheme and host of a URL.
fn host_of(url: &str) -> Result<String, Failure> {
    let mut url: Url = url
        .parse()
        .map_err(|error| unusable_value("the issuer", &error))?;
    // It only fails for URLs that have no port to remove.
    let _ = url.set_port(None);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The authority that certifies the servers of the instance, in the folder of each service that calls one.
const TLS_CA: &str = "tls-ca.pem";
