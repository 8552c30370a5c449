//! Whether what clients trust is what the services sign with.

use std::path::Path;

use sigstead_trust_root::tuf::Targets;
use sigstead_trust_root::{CertificateAuthority, ClientPage, LogFace, TransparencyLogInstance};
use sigstead_x509::Certificate;

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::key_ring::Role;
use super::patient::Patient;
use super::{certificates, published};
use crate::instance::Service;
use crate::trust;

pub(super) const TRUST: Subject = Subject {
    name: "trust",
    checks: &[
        Check::fault(
            "E-DOCTOR-048",
            "the trust state can be read",
            Look::Files(state),
        ),
        Check::warning(
            "E-DOCTOR-049",
            "all of the trust state is published",
            Look::Files(published_whole),
        ),
        Check::warning(
            "E-DOCTOR-050",
            "the client kit and its page are of what is published",
            Look::Files(kit),
        ),
        Check::fault(
            "E-DOCTOR-051",
            "clients trust the authority's chain",
            Look::Files(ca_chain),
        ),
        Check::fault(
            "E-DOCTOR-052",
            "clients trust the timestamp authority's chain",
            Look::Files(tsa_chain),
        ),
        Check::fault(
            "E-DOCTOR-053",
            "clients trust the CT log's key",
            Look::Files(certificate_logs),
        ),
        Check::fault(
            "E-DOCTOR-054",
            "clients trust the keys of the logs of signatures",
            Look::Files(signature_logs),
        ),
        Check::warning(
            "E-DOCTOR-055",
            "clients sign where the manifest says",
            Look::Files(signing_config),
        ),
    ],
};

fn state(patient: &Patient) -> Seen {
    let why = match published::state(patient) {
        Ok(None) => return Ok(Vec::new()),
        Ok(Some(state)) => match published::derived(&state) {
            Ok(_) => return Ok(Vec::new()),
            Err(Unseen(why)) => why,
        },
        Err(Unseen(why)) => why,
    };
    let finding = Finding::new(
        "trust/state.json cannot be used",
        "bring it back from a copy; the file is written by sigctl and not edited by hand",
    );
    Ok(vec![finding.because(why)])
}

fn published_whole(patient: &Patient) -> Seen {
    let Some(state) = published::state(patient)? else {
        return Ok(Vec::new());
    };
    let targets = published::targets(patient)?.signed.targets;
    let files = published::derived(&state)?.into_iter();
    let is_published = |name: &str, bytes: &[u8]| {
        let meta = targets.get(name);
        meta.is_some_and(|meta| meta.hashes == sigstead_trust_root::tuf::Hashes::of(bytes))
    };
    let missing: Vec<_> = files
        .filter(|(name, bytes)| !is_published(name, bytes))
        .map(|(name, _)| name)
        .collect();
    if_so(!missing.is_empty(), || {
        Finding::new(
            format!("clients do not have the newest {}", missing.join(", ")),
            "publish the trust state: `sigctl trust publish`",
        )
    })
}

fn kit(patient: &Patient) -> Seen {
    if !published_whole(patient)?.is_empty() {
        return Err(Unseen::new(
            "the kit is written when the trust state is published",
        ));
    }
    let Some(state) = published::state(patient)? else {
        return Ok(Vec::new());
    };
    let repository = published::repository(patient)?;
    let root = repository.newest_root_file();
    let root = root.map_err(|failure| Unseen::new(failure.whole()))?;
    let files = trust::kit_files(&state, &root);
    let files = files.map_err(|failure| Unseen::new(failure.whole()))?;
    let is_other = |name: &str, bytes: &[u8]| {
        let found = patient.file(&patient.instance.path("client").join(name));
        found.ok().as_deref() != Some(bytes)
    };
    let mut other: Vec<_> = files
        .into_iter()
        .filter(|(name, bytes)| is_other(name, bytes))
        .map(|(name, _)| format!("client/{name}"))
        .collect();
    let page = repository.directory().join(ClientPage::FOLDER);
    if !is_page_of(patient, &page, &root, &published::targets(patient)?.signed) {
        other.push(page.display().to_string());
    }
    if_so(!other.is_empty(), || {
        Finding::new(
            format!("{} is not of the trust state", other.join(", ")),
            "write the kit and its page again: `sigctl client publish`; and give the kit to those who have the old one",
        )
    })
}

/// Whether the page for clients, which the service shows only then, was made of this root and of these targets.
fn is_page_of(patient: &Patient, folder: &Path, root: &[u8], targets: &Targets) -> bool {
    let record = patient.file(&folder.join(ClientPage::FILE));
    let record = record.ok().and_then(|json| ClientPage::parse(&json).ok());
    let page = patient.file(&folder.join(ClientPage::PAGE)).ok();
    record.zip(page).is_some_and(|(record, page)| {
        record.is_of(root, targets) && record.is_file(ClientPage::PAGE, &page)
    })
}

fn ca_chain(patient: &Patient) -> Seen {
    let path = patient.at(Service::Ca, &patient.configs.ca()?.chain);
    let chain = patient.certificates(&path)?;
    let trusted = published::trusted_root(patient)?.certificate_authorities;
    is_trusted(patient, "certificate", &chain, &trusted)
}

fn tsa_chain(patient: &Patient) -> Seen {
    let path = patient.at(Service::Tsa, &patient.configs.tsa()?.chain);
    let chain = patient.certificates(&path)?;
    let trusted = published::trusted_root(patient)?.timestamp_authorities;
    is_trusted(patient, "timestamp", &chain, &trusted)
}

fn is_trusted(
    patient: &Patient,
    which: &str,
    chain: &[Certificate],
    trusted: &[CertificateAuthority],
) -> Seen {
    certificates::check_links(chain).map_err(|_| {
        Unseen::new(format!(
            "the certificates of the {which} authority are no chain"
        ))
    })?;
    let is_it = |authority: &CertificateAuthority| {
        let theirs = authority.chain();
        authority.is_trusted_at(patient.now) && theirs.is_ok_and(|theirs| theirs == chain)
    };
    if_so(!trusted.iter().any(is_it), || {
        Finding::new(
            format!("clients do not trust the chain of the {which} authority"),
            "bring back the chain that is published: what is signed with another is refused by all clients",
        )
    })
}

fn certificate_logs(patient: &Patient) -> Seen {
    let trusted = published::trusted_root(patient)?.ctlogs;
    logs(patient, &trusted, |face| {
        face == LogFace::CertificateTransparency
    })
}

fn signature_logs(patient: &Patient) -> Seen {
    let trusted = published::trusted_root(patient)?.tlogs;
    logs(patient, &trusted, |face| {
        face != LogFace::CertificateTransparency
    })
}

fn logs(
    patient: &Patient,
    trusted: &[TransparencyLogInstance],
    is_meant: impl Fn(LogFace) -> bool,
) -> Seen {
    let mut findings = Vec::new();
    for log in patient
        .configs
        .logs()
        .iter()
        .filter(|log| is_meant(log.face))
    {
        let key = patient.keys.of(&Role::Log(log.name.clone()))?;
        let mut with_key = trusted
            .iter()
            .filter(|known| known.public_key.raw_bytes.as_slice() == key.spki_der());
        let host = format!("https://{}", log.origin);
        if !with_key.any(|known| known.base_url == host) {
            findings.push(Finding::new(
                format!("clients do not trust the key of {} under its name", log.name),
                "publish the log if it is new (`sigctl log open` does), or bring back the key that is published",
            ));
        }
    }
    Ok(findings)
}

fn signing_config(patient: &Patient) -> Seen {
    let config = published::signing_config(patient)?;
    let manifest = &patient.instance.manifest;
    let timestamp = format!("{}/api/v1/timestamp", manifest.url(Service::Tsa));
    let named = |services: &[sigstead_trust_root::Service], url: &str| {
        services.iter().any(|service| service.url == url)
    };
    let wanted = [
        (&config.ca_urls, manifest.url(Service::Ca)),
        (&config.tsa_urls, timestamp),
    ];
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|(services, url)| !named(services, url))
        .map(|(_, url)| url)
        .collect();
    if_so(!missing.is_empty(), || {
        Finding::new(
            format!("clients are not sent to {}", missing.join(", ")),
            "let instance.yaml and trust/state.json name the same URLs, then publish: `sigctl trust publish`",
        )
    })
}
