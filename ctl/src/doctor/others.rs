//! Whom the instance relies on: issuers of tokens, witnesses of logs.

use std::collections::BTreeSet;
use std::path::Path;

use sigstead_identity::IssuersConfig;
use sigstead_witness::{Policy, Witness};
use url::Url;

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::patient::Patient;
use crate::instance::Service;

pub(super) const OTHERS: Subject = Subject {
    name: "others",
    checks: &[
        Check::fault(
            "E-DOCTOR-011",
            "the file of issuers can be used",
            Look::Files(issuers),
        ),
        Check::warning(
            "E-DOCTOR-012",
            "nothing is odd about the issuers",
            Look::Files(odd_issuers),
        ),
        Check::warning(
            "E-DOCTOR-013",
            "the instance's own issuer is believed",
            Look::Files(own_issuer),
        ),
        Check::fault(
            "E-DOCTOR-014",
            "every witness policy can be used",
            Look::Files(policies),
        ),
        Check::warning(
            "E-DOCTOR-015",
            "the witnesses of a log do not fail together",
            Look::Files(failing_together),
        ),
    ],
};

fn issuers(patient: &Patient) -> Seen {
    let path = patient.at(Service::Ca, &patient.configs.ca()?.issuers);
    let why = match patient.file(&path) {
        Ok(bytes) => match IssuersConfig::parse(&String::from_utf8_lossy(&bytes)) {
            Ok(_) => return Ok(Vec::new()),
            Err(error) => sigstead_kit::causes(&error),
        },
        Err(Unseen(why)) => why,
    };
    let finding = Finding::new(
        format!(
            "the file of issuers {} cannot be used",
            patient.shown(&path)
        ),
        "correct in it what the cause names; `sigctl issuer list` checks it",
    );
    Ok(vec![finding.because(why)])
}

fn odd_issuers(patient: &Patient) -> Seen {
    let warnings = config(patient)?.warnings().into_iter();
    let findings = warnings.map(|warning| {
        Finding::new(
            warning.to_string(),
            "change the entry in the file of issuers; `sigctl issuer list` shows the warning until then",
        )
    });
    Ok(findings.collect())
}

fn own_issuer(patient: &Patient) -> Seen {
    let own = patient.instance.manifest.url(Service::Oidc);
    let is_believed = config(patient)?.issuers.contains_key(&own);
    if_so(!is_believed, || {
        Finding::new(
            format!("the authority believes no token of the instance's own issuer {own}"),
            "bring its entry in the file of issuers back, or stop the issuer if it is replaced by another",
        )
    })
}

fn config(patient: &Patient) -> Result<IssuersConfig, Unseen> {
    let path = patient.at(Service::Ca, &patient.configs.ca()?.issuers);
    let bytes = patient.file(&path)?;
    IssuersConfig::parse(&String::from_utf8_lossy(&bytes))
        .map_err(|_| Unseen::new("the file of issuers cannot be used"))
}

fn policies(patient: &Patient) -> Seen {
    let mut findings = Vec::new();
    for (log, file) in policy_files(patient) {
        if let Err(why) = policy(patient, file) {
            let finding = Finding::new(
                format!("the witness policy of {log} cannot be used"),
                "correct the file that `witnesses.policy` of tlog/config.yaml names",
            );
            findings.push(finding.because(why));
        }
    }
    Ok(findings)
}

fn failing_together(patient: &Patient) -> Seen {
    let mut findings = Vec::new();
    for (log, file) in policy_files(patient) {
        let policy = policy(patient, file)
            .map_err(|_| Unseen::new(format!("the witness policy of {log} cannot be used")))?;
        if let Some(why) = shared_fate(policy.witnesses(), &patient.instance.manifest.host) {
            findings.push(Finding::new(
                format!("the witnesses of {log} are all {why}"),
                "add a witness that somebody else runs elsewhere: those prove little that fail, or lie, with each other or \
                 with the log",
            ));
        }
    }
    Ok(findings)
}

fn policy_files(patient: &Patient) -> impl Iterator<Item = (&str, &Path)> {
    let logs = patient.configs.logs().iter();
    logs.filter_map(|log| Some((log.name.as_str(), log.witness_policy.as_deref()?)))
}

fn policy(patient: &Patient, file: &Path) -> Result<Policy, String> {
    let bytes = patient.file(file).map_err(|Unseen(why)| why)?;
    Policy::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| sigstead_kit::causes(&error))
}

/// What the witnesses have in common that should not have it: one host, or that of the log.
fn shared_fate(witnesses: &[Witness], own: &str) -> Option<String> {
    let urls = witnesses.iter().filter_map(|witness| witness.url.as_ref());
    let hosts: BTreeSet<_> = urls.filter_map(Url::host_str).collect();
    let mut named = hosts.iter();
    let first = named.next()?;
    if hosts.iter().all(|host| is_own(host, own)) {
        return Some("on the machine of the log".to_owned());
    }
    (witnesses.len() > 1 && named.next().is_none()).then(|| format!("on {first}"))
}

fn is_own(host: &str, own: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let is_loopback = address.is_ok_and(|address| address.is_loopback());
    is_loopback || host == "localhost" || host == own
}
