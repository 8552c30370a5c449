//! The keys: closed, usable, and each the one of what it signs for.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use sigstead_key::PublicKey;
use sigstead_trust_root::LogFace;

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::key_ring::Role;
use super::patient::Patient;
use crate::configured::pairs;
use crate::instance::Service;
use crate::key::KeyRole;

pub(super) const KEYS: Subject = Subject {
    name: "keys",
    checks: &[
        Check::fault(
            "E-DOCTOR-020",
            "there is a passphrase",
            Look::Files(passphrase),
        ),
        Check::fault(
            "E-DOCTOR-021",
            "nobody else reads the passphrase",
            Look::Files(open_passphrase),
        ),
        Check::fault(
            "E-DOCTOR-022",
            "every key opens and signs",
            Look::Files(opens),
        ),
        Check::fault(
            "E-DOCTOR-023",
            "nobody else reads a key",
            Look::Files(open_keys),
        ),
        Check::fault(
            "E-DOCTOR-024",
            "the authority's chain is of its key",
            Look::Files(ca_chain),
        ),
        Check::fault(
            "E-DOCTOR-025",
            "the timestamp authority's chain is of its key",
            Look::Files(tsa_chain),
        ),
        Check::fault(
            "E-DOCTOR-026",
            "the authority knows the key of the CT log",
            Look::Files(ct_log_key),
        ),
        Check::fault("E-DOCTOR-027", "no key has two roles", Look::Files(shared)),
        Check::fault(
            "E-DOCTOR-028",
            "clients take the keys' algorithms",
            Look::Files(algorithms),
        ),
    ],
};

fn passphrase(patient: &Patient) -> Seen {
    let path = patient.instance.passphrase_file();
    let shown = patient.shown(&path);
    let remedy = "bring the file back from where you keep a copy; without it no key can be opened by anybody";
    Ok(match patient.instance.passphrase() {
        Ok(passphrase) if passphrase.is_empty() => {
            vec![Finding::new(
                format!("the passphrase file {shown} is empty"),
                remedy,
            )]
        }
        Ok(_) => Vec::new(),
        Err(failure) => {
            let finding = Finding::new(
                format!("the passphrase file {shown} cannot be read"),
                remedy,
            );
            vec![finding.because(failure.whole())]
        }
    })
}

fn open_passphrase(patient: &Patient) -> Seen {
    let path = patient.instance.passphrase_file();
    let found = fs::metadata(&path);
    let found = found.map_err(|_| Unseen::new("the passphrase file cannot be read"))?;
    if_so(is_open(&found), || {
        Finding::new(
            format!(
                "others can use the passphrase file {}",
                patient.shown(&path)
            ),
            format!(
                "chmod 600 {}; and make new keys if somebody may have read it",
                path.display()
            ),
        )
    })
}

fn opens(patient: &Patient) -> Seen {
    let broken =
        passphrase(patient)?.len() + open_passphrase(patient).map_or(0, |found| found.len());
    if broken > 0 {
        return Err(Unseen::new("there is no passphrase to open keys with"));
    }
    let keys = patient.keys.all().iter();
    // Those are told by the check of who else reads keys, and open for nobody until then.
    let closed = keys.filter(|key| !key.file().is_some_and(is_open_file));
    let findings = closed.filter_map(|key| {
        let why = key.opened.as_ref().err()?;
        let finding = Finding::new(
            format!("the key {} does not open", patient.shown_key(key)),
            match key.file() {
                Some(_) => "bring the key and its passphrase back from a copy; a new key in its place would be refused by all clients",
                None => "bring the token, its library and its PIN back; a new key in its place would be refused by all clients",
            },
        );
        Some(finding.because(why))
    });
    Ok(findings.collect())
}

fn open_keys(patient: &Patient) -> Seen {
    let keys = patient.keys.all().iter();
    let keys = keys.filter_map(|key| key.file().map(Path::to_owned));
    let pairs = pairs::all(&patient.instance, &patient.configs)
        .into_iter()
        .map(|pair| pair.key);
    let mut findings = Vec::new();
    for path in keys.chain(pairs) {
        if is_open_file(&path) {
            findings.push(Finding::new(
                format!("others can use the key {}", patient.shown(&path)),
                format!(
                    "chmod 600 {}; and replace the key if somebody may have read it",
                    path.display()
                ),
            ));
        }
    }
    Ok(findings)
}

fn is_open_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| is_open(&found))
}

/// Whether others than its owner can use a file. One that a cluster mounts belongs to the superuser and is read by a group.
fn is_open(found: &fs::Metadata) -> bool {
    let is_mounted = found.uid() == 0 && !rustix::process::geteuid().is_root();
    let mask = if is_mounted { 0o037 } else { 0o077 };
    found.mode() & mask != 0
}

fn ca_chain(patient: &Patient) -> Seen {
    let key = patient.keys.of(&Role::Ca)?;
    chain_of(patient, Service::Ca, &patient.configs.ca()?.chain, key)
}

fn tsa_chain(patient: &Patient) -> Seen {
    let key = patient.keys.of(&Role::Tsa)?;
    chain_of(patient, Service::Tsa, &patient.configs.tsa()?.chain, key)
}

fn chain_of(patient: &Patient, service: Service, chain: &Path, key: &PublicKey) -> Seen {
    let path = patient.at(service, chain);
    let chain = patient.certificates(&path)?;
    let first = chain.first().map(|first| first.public_key().fingerprint());
    if_so(first.as_ref() != Some(&key.fingerprint()), || {
        Finding::new(
            format!(
                "the first certificate of {} is of the key {}, and {} has the key {}",
                patient.shown(&path),
                first.unwrap_or_default(),
                service.name(),
                key.fingerprint()
            ),
            "bring back the chain that belongs to the key, or the key that belongs to the chain",
        )
    })
}

fn ct_log_key(patient: &Patient) -> Seen {
    let mut own = Vec::new();
    for log in certificate_logs(patient) {
        own.push(patient.keys.of(&Role::Log(log))?);
    }
    let Some(newest) = own.last() else {
        return Ok(Vec::new());
    };
    let mut known = Vec::new();
    for log in patient.configs.ca()?.ct_log.logs() {
        let path = patient.at(Service::Ca, &log.public_key);
        let key = PublicKey::from_pem(&String::from_utf8_lossy(&patient.file(&path)?));
        known.extend(key.ok());
    }
    if_so(!own.iter().any(|own| known.contains(own)), || {
        Finding::new(
            format!(
                "the authority does not know the key {} of the CT log",
                newest.fingerprint()
            ),
            "write the log's public key into the file that ct_log.public_key of ca/config.yaml names; until then no \
             certificate is issued",
        )
    })
}

/// The names of the logs of certificates.
fn certificate_logs(patient: &Patient) -> impl Iterator<Item = String> {
    let logs = patient.configs.logs().iter();
    logs.filter(|log| log.face == LogFace::CertificateTransparency)
        .map(|log| log.name.clone())
}

fn shared(patient: &Patient) -> Seen {
    let keys: Vec<_> = patient.keys.all().iter().collect();
    let mut findings = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let later = keys.iter().skip(at + 1);
        let same = later.filter(|other| key.opened.is_ok() && other.opened == key.opened);
        for other in same {
            findings.push(Finding::new(
                format!(
                    "{} and {} are one key",
                    patient.shown_key(key),
                    patient.shown_key(other)
                ),
                "bring the right one back from a copy: clients find a log by its key, and what one role signs must be of no \
                 use for another",
            ));
        }
    }
    Ok(findings)
}

fn algorithms(patient: &Patient) -> Seen {
    let mut findings = Vec::new();
    for key in patient.keys.all() {
        let Ok(public) = &key.opened else { continue };
        let algorithm = public.algorithm();
        let role = key_role(patient, &key.role);
        if let Some(wanted) = role.and_then(|role| role.wants_instead_of(algorithm)) {
            findings.push(Finding::new(
                format!(
                    "{} is of {}",
                    patient.shown_key(key),
                    algorithm.key_details()
                ),
                format!("use a key of {wanted}: some client takes no other here"),
            ));
        }
    }
    Ok(findings)
}

/// As the table of algorithms has it; nothing for the keys of the operator.
fn key_role(patient: &Patient, role: &Role) -> Option<KeyRole> {
    let face = |name: &str| {
        let mut logs = patient.configs.logs().iter();
        logs.find(|log| log.name == name).map(|log| log.face)
    };
    match role {
        Role::Ca => Some(KeyRole::Ca),
        Role::Tsa => Some(KeyRole::Tsa),
        Role::Oidc => Some(KeyRole::Oidc),
        Role::Snapshot | Role::Timestamp => Some(KeyRole::Tuf),
        Role::Log(name) => Some(match face(name)? {
            LogFace::RekorV1 => KeyRole::RekorV1,
            LogFace::RekorV2 => KeyRole::RekorV2,
            LogFace::CertificateTransparency => KeyRole::Ctlog,
        }),
        Role::Root | Role::Targets => None,
    }
}
