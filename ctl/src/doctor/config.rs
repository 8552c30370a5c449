//! The configurations: whether each can be used, and whether they still say what the manifest says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, if_so};
use super::patient::Patient;
use crate::instance::Service;
use crate::profile::Profile;

pub(super) const CONFIG: Subject = Subject {
    name: "configuration",
    checks: &[
        Check::fault(
            "E-DOCTOR-001",
            "every configuration can be used",
            Look::Files(usable),
        ),
        Check::fault(
            "E-DOCTOR-002",
            "services listen where the manifest says",
            Look::Files(listening),
        ),
        Check::fault(
            "E-DOCTOR-003",
            "no two listeners have one port",
            Look::Files(ports),
        ),
        Check::fault(
            "E-DOCTOR-004",
            "services serve TLS if the manifest says so",
            Look::Files(tls),
        ),
        Check::fault(
            "E-DOCTOR-005",
            "the issuer calls itself as the manifest does",
            Look::Files(issuer),
        ),
        Check::fault(
            "E-DOCTOR-006",
            "the authority logs into the instance's own log",
            Look::Files(ct_log),
        ),
        Check::warning(
            "E-DOCTOR-007",
            "health and metrics are for this machine only",
            Look::Files(ops),
        ),
        Check::warning(
            "E-DOCTOR-008",
            "behind a proxy, services know it",
            Look::Files(unknown_proxy),
        ),
        Check::warning(
            "E-DOCTOR-009",
            "not everybody may say for whom a request is",
            Look::Files(every_proxy),
        ),
        Check::warning(
            "E-DOCTOR-010",
            "an instance that others reach makes no tokens for tests",
            Look::Files(profile),
        ),
    ],
};

fn usable(patient: &Patient) -> Seen {
    let unusable = patient.configs.unusable().into_iter();
    let findings = unusable.map(|(service, why)| {
        let name = service.name();
        Finding::new(
            format!("the configuration of {name} cannot be used"),
            format!("correct {name}/config.yaml, or what it names, where the cause says"),
        )
        .because(why)
    });
    Ok(findings.collect())
}

fn listening(patient: &Patient) -> Seen {
    let manifest = &patient.instance.manifest;
    let mut findings = Vec::new();
    for (service, listeners) in patient.configs.listeners() {
        let ports = manifest.ports(service);
        let admin = listeners.admin.as_ref();
        let found = [
            (
                "public",
                ports.public,
                Some(listeners.public.address.port()),
            ),
            ("ops", ports.ops, Some(listeners.ops.address.port())),
            ("admin", ports.admin, admin.map(|it| it.address.port())),
        ];
        for (which, expected, found) in found {
            if found == Some(expected) {
                continue;
            }
            let found = found.map_or_else(|| "none".to_owned(), |port| format!("port {port}"));
            let name = service.name();
            findings.push(Finding::new(
                format!("{which} of {name} is on {found}, and the manifest says {expected}"),
                format!("write the port of the manifest into {name}/config.yaml: URLs and commands are made of it"),
            ));
        }
    }
    Ok(findings)
}

fn ports(patient: &Patient) -> Seen {
    let mut owners: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for (service, listeners) in patient.configs.listeners() {
        let admin = listeners.admin.as_ref();
        let all = [
            ("public", Some(listeners.public.address)),
            ("ops", Some(listeners.ops.address)),
            ("admin", admin.map(|admin| admin.address)),
        ];
        for (which, address) in all {
            let Some(address) = address.filter(|address| address.port() != 0) else {
                continue;
            };
            let owner = format!("{which} of {}", service.name());
            owners.entry(address.port()).or_default().push(owner);
        }
    }
    let shared = owners.into_iter().filter(|(_, owners)| owners.len() > 1);
    let findings = shared.map(|(port, owners)| {
        Finding::new(
            format!("port {port} is that of {}", owners.join(" and ")),
            "give each a port of its own, in the manifest and in the configuration",
        )
    });
    Ok(findings.collect())
}

fn tls(patient: &Patient) -> Seen {
    let wanted = patient.instance.manifest.tls;
    let listeners = patient.configs.listeners().into_iter();
    let other = listeners.filter(|(_, listeners)| listeners.public.tls.is_some() != wanted);
    let findings = other.map(|(service, _)| {
        let name = service.name();
        let (does, says) = match wanted {
            true => ("serves without TLS", "tls: true"),
            false => ("serves TLS", "tls: false"),
        };
        Finding::new(
            format!("{name} {does}, and the manifest says {says}"),
            format!("let public.tls of {name}/config.yaml and the manifest agree: clients dial what the manifest says"),
        )
    });
    Ok(findings.collect())
}

fn issuer(patient: &Patient) -> Seen {
    let config = patient.configs.oidc()?;
    let expected = patient.instance.manifest.url(Service::Oidc);
    if_so(config.issuer.as_str() != expected, || {
        Finding::new(
            format!(
                "the issuer calls itself {}, and clients dial {expected}",
                config.issuer.as_str()
            ),
            "write the URL that clients dial into oidc/config.yaml, unless the issuer was moved on purpose: then its old \
             certificates name the old one",
        )
    })
}

fn ct_log(patient: &Patient) -> Seen {
    let manifest = &patient.instance.manifest;
    if !manifest.ct_log.is_own() {
        return Ok(Vec::new());
    }
    let own = manifest.local_url(Service::Ctlog);
    let logs = patient.configs.ca()?.ct_log.logs();
    // A log that followed the first one has its identifier behind the address.
    let is_own = |url: &url::Url| {
        let rest = url.as_str().strip_prefix(&own);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if_so(!logs.iter().any(|log| is_own(&log.url)), || {
        Finding::new(
            format!("the authority does not log into {own}"),
            "name the instance's own log in ct_log of ca/config.yaml: clients take SCTs of no other log of this instance",
        )
    })
}

fn ops(patient: &Patient) -> Seen {
    let listeners = patient.configs.listeners().into_iter();
    let open = listeners.filter(|(_, listeners)| !listeners.ops.address.ip().is_loopback());
    let findings = open.map(|(service, listeners)| {
        let name = service.name();
        Finding::new(
            format!("health and metrics of {name} are on {}", listeners.ops.address),
            format!("let ops.address of {name}/config.yaml be a loopback address: who can reach it, learns what the service does"),
        )
    });
    Ok(findings.collect())
}

fn unknown_proxy(patient: &Patient) -> Seen {
    if patient.instance.manifest.proxy.is_none() {
        return Ok(Vec::new());
    }
    let listeners = patient.configs.listeners().into_iter();
    let unaware = listeners.filter(|(_, listeners)| listeners.trusted_proxies.is_empty());
    let findings = unaware.map(|(service, _)| {
        let name = service.name();
        Finding::new(
            format!("{name} is behind a proxy that it does not know, so all callers are one to it"),
            format!("name the proxy's address in trusted_proxies of {name}/config.yaml"),
        )
    });
    Ok(findings.collect())
}

fn every_proxy(patient: &Patient) -> Seen {
    let everybody = [
        IpAddr::from([203, 0, 113, 77]),
        IpAddr::from([198, 51, 100, 77]),
    ];
    let listeners = patient.configs.listeners().into_iter();
    let open = listeners.filter(|(_, listeners)| {
        let blocks = &listeners.trusted_proxies;
        everybody
            .iter()
            .all(|address| blocks.iter().any(|block| block.contains(*address)))
    });
    let findings = open.map(|(service, _)| {
        let name = service.name();
        Finding::new(
            format!("{name} believes every address what it says of its callers"),
            format!(
                "name the addresses of your proxies only in trusted_proxies of {name}/config.yaml"
            ),
        )
    });
    Ok(findings.collect())
}

fn profile(patient: &Patient) -> Seen {
    let manifest = &patient.instance.manifest;
    let is_reached = manifest.proxy.is_some() || !manifest.listen_address().is_loopback();
    if_so(is_reached && manifest.profile == Profile::Dev, || {
        Finding::new(
            "others reach this instance, and `sigctl token` makes tokens for anybody's address",
            "write `profile: standard` into instance.yaml if it is more than a trial",
        )
    })
}
