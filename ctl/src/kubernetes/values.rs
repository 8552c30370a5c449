//! The values of the chart that only the instance knows: names that its keys were published with.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sigstead_config::{IssuerUrl, oidc};
use url::Url;

use super::certificate_logs::{CertificateLogs, CtlogConfig, UsedLog};
use super::logs::Logs;
use crate::failure::Failure;
use crate::init::certificates::submission_service;
use crate::instance::{Instance, Service};

/// As the chart's `values.yaml` has them.
#[derive(Serialize)]
struct Values {
    keys: Keys,
    instance: Names,
    ingress: Ingress,
    submission: Submission,
    ca: Ca,
    ctlog: Role<CtlogConfig>,
    tlog: Role<TlogConfig>,
    oidc: Role<OidcConfig>,
}

#[derive(Serialize)]
struct Keys {
    source: &'static str,
}

#[derive(Serialize)]
struct Names {
    name: String,
    domain: String,
}

#[derive(Serialize)]
struct Ingress {
    hosts: Hosts,
}

#[derive(Serialize)]
struct Submission {
    service: String,
}

#[derive(Serialize)]
struct Hosts {
    ca: String,
    tsa: String,
    tuf: String,
    oidc: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ca {
    ct_logs: Vec<UsedLog>,
}

#[derive(Serialize)]
struct Role<C> {
    config: C,
}

#[derive(Serialize)]
struct TlogConfig {
    logs: Vec<Value>,
}

#[derive(Serialize)]
struct OidcConfig {
    issuer: IssuerUrl,
}

/// The values of an instance, in YAML.
pub(super) fn of(
    instance: &Instance,
    logs: Logs,
    certificate_logs: CertificateLogs,
) -> Result<String, Failure> {
    let (ctlog, ct_logs) = certificate_logs.mounted()?;
    let oidc: oidc::Config = read(instance, Service::Oidc)?;
    let manifest = &instance.manifest;
    let host = |service| host(&manifest.url(service));
    let values = Values {
        keys: Keys { source: "secrets" },
        instance: Names {
            name: manifest.name.clone(),
            domain: manifest.domain(),
        },
        ingress: Ingress {
            hosts: Hosts {
                ca: host(Service::Ca)?,
                tsa: host(Service::Tsa)?,
                tuf: host(Service::Tuf)?,
                oidc: host(Service::Oidc)?,
            },
        },
        submission: Submission {
            service: submission_service(instance),
        },
        ca: Ca { ct_logs },
        ctlog: Role { config: ctlog },
        tlog: Role {
            config: TlogConfig {
                logs: logs.mounted()?,
            },
        },
        oidc: Role {
            config: OidcConfig {
                issuer: oidc.issuer,
            },
        },
    };
    sigstead_config::to_yaml(&values)
        .map_err(|error| Failure::file("write", Path::new("values.yaml"), error))
}

fn read<C: DeserializeOwned>(instance: &Instance, service: Service) -> Result<C, Failure> {
    let path = instance.service(service).join("config.yaml");
    sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

fn host(url: &str) -> Result<String, Failure> {
    let parsed =
        Url::parse(url).map_err(|error| Failure::file("understand", Path::new(url), error))?;
    Ok(parsed.host_str().unwrap_or_default().to_owned())
}
