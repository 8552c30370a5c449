//! The certificates: readable, linked, in their time, and each of its key.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::patient::Patient;
use super::tls;
use crate::configured::pairs;
use crate::instance::Service;

pub(super) const CERTIFICATES: Subject = Subject {
    name: "certificates",
    checks: &[
        Check::fault(
            "E-DOCTOR-030",
            "every certificate can be read",
            Look::Files(readable),
        ),
        Check::fault(
            "E-DOCTOR-031",
            "every chain leads to its root",
            Look::Files(linked),
        ),
        Check::fault(
            "E-DOCTOR-032",
            "no certificate has ended",
            Look::Files(ended),
        ),
        Check::fault(
            "E-DOCTOR-033",
            "every certificate is valid already",
            Look::Files(begun),
        ),
        Check::warning(
            "E-DOCTOR-034",
            "no certificate ends within 60 days",
            Look::Files(ending),
        ),
        Check::fault(
            "E-DOCTOR-039",
            "the CT log takes the authority's certificates",
            Look::Files(accepted_roots),
        ),
    ],
};

/// Every file of certificates that something of the instance reads.
fn files(patient: &Patient) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let configs = &patient.configs;
    files.extend(
        configs
            .ca()
            .ok()
            .map(|ca| patient.at(Service::Ca, &ca.chain)),
    );
    files.extend(
        configs
            .tsa()
            .ok()
            .map(|tsa| patient.at(Service::Tsa, &tsa.chain)),
    );
    if let Ok(Some(ctlog)) = configs.ctlog() {
        files.push(patient.at(Service::Ctlog, &ctlog.roots));
        files.extend(
            ctlog
                .submitters
                .as_ref()
                .map(|listed| patient.at(Service::Ctlog, listed)),
        );
    }
    for (service, listeners) in configs.listeners() {
        let admin = listeners.admin.as_ref();
        files.extend(admin.map(|admin| patient.at(service, &admin.client_ca)));
    }
    files.extend(
        pairs::all(&patient.instance, &patient.configs)
            .into_iter()
            .map(|pair| pair.certificate),
    );
    files.push(tls::admin_authority(patient));
    if patient.instance.manifest.tls {
        files.push(tls::authority(patient));
    }
    files
}

fn readable(patient: &Patient) -> Seen {
    let unread = files(patient).into_iter().filter_map(|path| {
        let Unseen(why) = patient.certificates(&path).err()?;
        let finding = Finding::new(
            format!("there are no certificates in {}", patient.shown(&path)),
            "bring the file back from a copy",
        );
        Some(finding.because(why))
    });
    Ok(unread.collect())
}

fn linked(patient: &Patient) -> Seen {
    let (ca, tsa) = (patient.configs.ca(), patient.configs.tsa());
    let chains = [
        ca.ok().map(|ca| patient.at(Service::Ca, &ca.chain)),
        tsa.ok().map(|tsa| patient.at(Service::Tsa, &tsa.chain)),
    ];
    let mut findings = Vec::new();
    for path in chains.into_iter().flatten() {
        let chain = patient.certificates(&path)?;
        if let Err(why) = check_links(&chain) {
            let finding = Finding::new(
                format!("the certificates of {} are no chain", patient.shown(&path)),
                "write each certificate before the one that issued it, the root last",
            );
            findings.push(finding.because(why));
        }
    }
    Ok(findings)
}

/// Each certificate is issued by the next, the last by itself.
pub(super) fn check_links(chain: &[Certificate]) -> Result<(), String> {
    let issuers = chain.iter().skip(1).chain(chain.last());
    for (certificate, issuer) in chain.iter().zip(issuers) {
        certificate.verify_signed_by(issuer).map_err(|error| {
            let (name, above) = (certificate.subject_name(), issuer.subject_name());
            let (name, above) = (name.common_name, above.common_name);
            format!(
                "{name} is not issued by {above}: {}",
                sigstead_kit::causes(&error)
            )
        })?;
    }
    Ok(())
}

fn ended(patient: &Patient) -> Seen {
    in_time(patient, |certificate, now| {
        (certificate.not_after() < now).then(|| {
            (
                format!("ended on {}", certificate.not_after().date()),
                "replace it: what it certifies is refused, or its service cannot be administered",
            )
        })
    })
}

fn begun(patient: &Patient) -> Seen {
    in_time(patient, |certificate, now| {
        (certificate.not_before() > now).then(|| {
            (
                format!("begins on {}", certificate.not_before().date()),
                "set this machine's clock if it is behind, or else bring the right certificate back",
            )
        })
    })
}

fn ending(patient: &Patient) -> Seen {
    in_time(patient, |certificate, now| {
        let left = certificate.not_after() - now;
        (!left.is_negative() && left < NOTICE).then(|| {
            (
                format!("ends on {}, in {} days", certificate.not_after().date(), left.whole_days()),
                "replace it before; what is signed with a chain must be published under the next one first",
            )
        })
    })
}

/// What is found of each certificate at this time; a certificate that is in several files is told once.
fn in_time(
    patient: &Patient,
    judge: impl Fn(&Certificate, OffsetDateTime) -> Option<(String, &'static str)>,
) -> Seen {
    let mut told = BTreeSet::new();
    let mut findings = Vec::new();
    for path in files(patient) {
        for certificate in patient.certificates(&path).unwrap_or_default() {
            let Some((what, remedy)) = judge(&certificate, patient.now) else {
                continue;
            };
            if told.insert(certificate.sha256()) {
                let name = certificate.subject_name().common_name;
                let message = format!("`{name}` of {} {what}", patient.shown(&path));
                findings.push(Finding::new(message, remedy));
            }
        }
    }
    Ok(findings)
}

fn accepted_roots(patient: &Patient) -> Seen {
    let Some(ctlog) = patient.configs.ctlog()? else {
        return Ok(Vec::new());
    };
    let roots = patient.certificates(&patient.at(Service::Ctlog, &ctlog.roots))?;
    let chain = patient.certificates(&patient.at(Service::Ca, &patient.configs.ca()?.chain))?;
    check_links(&chain).map_err(|_| Unseen::new("the authority's certificates are no chain"))?;
    if_so(
        !chain.last().is_some_and(|root| roots.contains(root)),
        || {
            Finding::new(
                "the CT log does not accept the authority's root",
                "write the last certificate of ca/chain.pem into ctlog/roots.pem, which the log reads again by itself; until then \
             no certificate is issued",
            )
        },
    )
}

/// As long as for metadata that the operator signs.
const NOTICE: Duration = Duration::days(60);
