//! The certificates of TLS: of their keys, and trusted by whom they are shown to.

use std::path::{Path, PathBuf};

use sigstead_signer::PrivateKey;
use sigstead_x509::Certificate;

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::patient::Patient;
use crate::configured::pairs::{self, Pair, Purpose};
use crate::instance::Service;

pub(super) const TLS: Subject = Subject {
    name: "TLS",
    checks: &[
        Check::fault(
            "E-DOCTOR-035",
            "every TLS certificate is of its key",
            Look::Files(pairs_fit),
        ),
        Check::fault(
            "E-DOCTOR-036",
            "services and operator trust each other",
            Look::Files(administration),
        ),
        Check::fault(
            "E-DOCTOR-037",
            "clients trust the TLS certificates",
            Look::Files(tls_authority),
        ),
        Check::fault(
            "E-DOCTOR-038",
            "the TLS certificates name the host",
            Look::Files(tls_host),
        ),
        Check::fault(
            "E-DOCTOR-029",
            "the CT log takes certificates from the authority",
            Look::Files(submitters),
        ),
    ],
};

/// Who certifies the services to the operator, and the operator to them.
pub(super) fn admin_authority(patient: &Patient) -> PathBuf {
    patient.instance.path("trust/admin-ca.pem")
}

/// Who certifies the services to clients.
pub(super) fn authority(patient: &Patient) -> PathBuf {
    patient.instance.path("client/tls-ca.pem")
}

fn pairs_fit(patient: &Patient) -> Seen {
    let mut findings = Vec::new();
    for pair in pairs::all(&patient.instance, &patient.configs) {
        let chain = patient.certificates(&pair.certificate)?;
        let key = patient.file(&pair.key).map_err(|Unseen(why)| why);
        let key = key.and_then(|pem| {
            PrivateKey::from_pem(&String::from_utf8_lossy(&pem))
                .map_err(|error| sigstead_kit::causes(&error))
        });
        let why = match (&key, chain.first()) {
            (Ok(key), Some(first)) if key.public_key() == first.public_key() => continue,
            (Ok(_), _) => "they are of two keys".to_owned(),
            (Err(why), _) => why.clone(),
        };
        findings.push(misfit(patient, &pair).because(why));
    }
    Ok(findings)
}

fn misfit(patient: &Patient, pair: &Pair) -> Finding {
    Finding::new(
        format!(
            "{} is not the certificate of {}",
            patient.shown(&pair.certificate),
            patient.shown(&pair.key)
        ),
        format!("bring back both files of {} from one copy", pair.name),
    )
}

fn administration(patient: &Patient) -> Seen {
    let ours = patient.certificates(&admin_authority(patient))?;
    let pairs = pairs::all(&patient.instance, &patient.configs);
    let mut findings = Vec::new();
    let administrative = pairs
        .iter()
        .filter(|pair| matches!(pair.purpose, Purpose::Admin | Purpose::Operator));
    for pair in administrative {
        let chain = patient.certificates(&pair.certificate)?;
        if !is_issued_by_any(&chain, &ours) {
            findings.push(stranger(patient, &pair.certificate, "trust/admin-ca.pem"));
        }
    }
    let operator = patient.certificates(&patient.instance.path("trust/admin-client.pem"))?;
    for (service, listeners) in patient.configs.listeners() {
        let Some(admin) = &listeners.admin else {
            continue;
        };
        let path = patient.at(service, &admin.client_ca);
        if !is_issued_by_any(&operator, &patient.certificates(&path)?) {
            let theirs = patient.shown(&path);
            findings.push(stranger(
                patient,
                &patient.instance.path("trust/admin-client.pem"),
                &theirs,
            ));
        }
    }
    Ok(findings)
}

fn stranger(patient: &Patient, certificate: &Path, authority: &str) -> Finding {
    Finding::new(
        format!(
            "{} is not issued by {authority}",
            patient.shown(certificate)
        ),
        "bring back both files from one copy: until then `sigctl` cannot administer the service",
    )
}

fn is_issued_by_any(chain: &[Certificate], authorities: &[Certificate]) -> bool {
    chain.last().is_some_and(|last| {
        let mut authorities = authorities.iter();
        authorities.any(|authority| last == authority || last.verify_signed_by(authority).is_ok())
    })
}

fn tls_authority(patient: &Patient) -> Seen {
    if !patient.instance.manifest.shows_own_tls() {
        return Ok(Vec::new());
    }
    let ours = patient.certificates(&authority(patient))?;
    let mut findings = Vec::new();
    for pair in pairs::all(&patient.instance, &patient.configs)
        .iter()
        .filter(|pair| pair.purpose == Purpose::Public)
    {
        if !is_issued_by_any(&patient.certificates(&pair.certificate)?, &ours) {
            findings.push(Finding::new(
                format!("{} is not issued by client/tls-ca.pem", patient.shown(&pair.certificate)),
                "give clients the authority that issued it, in the kit, or bring back the certificate that the kit's issued",
            ));
        }
    }
    Ok(findings)
}

fn tls_host(patient: &Patient) -> Seen {
    let manifest = &patient.instance.manifest;
    if !manifest.shows_own_tls() {
        return Ok(Vec::new());
    }
    let host = manifest.host.trim_matches(['[', ']']);
    let mut findings = Vec::new();
    for pair in pairs::all(&patient.instance, &patient.configs)
        .iter()
        .filter(|pair| pair.purpose == Purpose::Public)
    {
        let chain = patient.certificates(&pair.certificate)?;
        let hosts = chain.first().and_then(|first| first.hosts().ok());
        if !hosts
            .unwrap_or_default()
            .iter()
            .any(|named| names(named, host))
        {
            findings.push(Finding::new(
                format!("{} does not name {host}", patient.shown(&pair.certificate)),
                "use a certificate that names the host that clients dial",
            ));
        }
    }
    Ok(findings)
}

fn submitters(patient: &Patient) -> Seen {
    let Some(listed) = patient
        .configs
        .ctlog()?
        .and_then(|log| log.submitters.as_ref())
    else {
        return Ok(Vec::new());
    };
    let path = patient.at(Service::Ctlog, listed);
    let authorities = patient.certificates(&path)?;
    let pairs = pairs::all(&patient.instance, &patient.configs);
    let mut shown = pairs
        .iter()
        .filter(|pair| pair.purpose == Purpose::Submitter);
    let is_known = shown.any(|pair| {
        let chain = patient.certificates(&pair.certificate);
        chain.is_ok_and(|chain| is_issued_by_any(&chain, &authorities))
    });
    if_so(!is_known, || {
        Finding::new(
            format!(
                "the authority shows no certificate of {} to the CT log",
                patient.shown(&path)
            ),
            "write `identity` into ct_log of ca/config.yaml, a client certificate of an authority in that file; until then no \
             certificate is issued",
        )
    })
}

/// Whether a certificate's name is that host's: a wildcard is for one label.
fn names(named: &str, host: &str) -> bool {
    let behind = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned());
    named.eq_ignore_ascii_case(host)
        || named
            .strip_prefix("*.")
            .is_some_and(|rest| behind(host).as_deref() == Some(rest))
}
