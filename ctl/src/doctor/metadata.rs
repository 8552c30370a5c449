//! The TUF repository as clients read it: whole, signed by enough, in its time.

use sigstead_trust_root::tuf::{Hashes, Role, Root, Signed};
use time::{Duration, OffsetDateTime};

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen};
use super::key_ring::Role as KeyRole;
use super::patient::Patient;
use super::{published, roots};
use crate::profile::Profile;
use crate::trust;

pub(super) const METADATA: Subject = Subject {
    name: "trust metadata",
    checks: &[
        Check::fault(
            "E-DOCTOR-040",
            "every file that the metadata names is there and whole",
            Look::Files(whole),
        ),
        Check::fault(
            "E-DOCTOR-041",
            "every client finds its way to the newest root",
            Look::Files(root_chain),
        ),
        Check::fault(
            "E-DOCTOR-042",
            "enough keys signed each role",
            Look::Files(signed),
        ),
        Check::fault("E-DOCTOR-043", "no role has expired", Look::Files(expired)),
        Check::warning(
            "E-DOCTOR-044",
            "no role expires soon",
            Look::Files(expiring),
        ),
        Check::fault(
            "E-DOCTOR-045",
            "timestamp, snapshot and targets fit together",
            Look::Files(current),
        ),
        Check::fault(
            "E-DOCTOR-046",
            "the root lets the service's keys sign",
            Look::Files(online_keys),
        ),
        Check::warning(
            "E-DOCTOR-047",
            "the root lets the operator's keys sign",
            Look::Files(operator_keys),
        ),
        Check::warning(
            "E-CEREMONY-030",
            "several people sign the root of an instance for real use",
            Look::Files(ceremony),
        ),
        Check::warning(
            "E-CEREMONY-047",
            "the key of the certificate authority's root is not in an instance for real use",
            Look::Files(roots::kept_here),
        ),
    ],
};

fn whole(patient: &Patient) -> Seen {
    let damaged = |why: String| {
        Finding::new(
            "the TUF repository is damaged",
            "bring tuf/repository back from a copy; every version of the root must be there",
        )
        .because(why)
    };
    let repository = published::repository(patient)?;
    let read = repository
        .newest_signed::<Root>()
        .and_then(|_| repository.newest_signed::<sigstead_trust_root::tuf::Targets>());
    let targets = match read {
        Ok(targets) => targets.signed,
        Err(failure) => return Ok(vec![damaged(failure.whole())]),
    };
    let names = targets.targets.keys();
    let missing = names.filter_map(|name| published::target(patient, name).err());
    let current = published::current(patient).err();
    let found = missing.chain(current).map(|Unseen(why)| damaged(why));
    Ok(found.collect())
}

fn root_chain(patient: &Patient) -> Seen {
    let newest = published::root(patient)?.signed.version;
    let repository = published::repository(patient)?;
    let mut before: Option<Root> = None;
    for version in 1..=newest {
        let file = format!("{version}.root.json");
        let root = repository.metadata::<Root>(&file);
        let root = root.map_err(|failure| failure.whole());
        let root = root.and_then(|root| root.ok_or_else(|| "it is not there".to_owned()));
        let checked = root.and_then(|root| {
            check_successor(&root, before.as_ref())?;
            Ok(root.signed)
        });
        match checked {
            Ok(root) => before = Some(root),
            Err(why) => {
                let finding = Finding::new(
                    format!("{file} leads no client from the root before it to the next"),
                    "bring the file back from a copy: a client that has an older root goes through every version",
                );
                return Ok(vec![finding.because(why)]);
            }
        }
    }
    Ok(Vec::new())
}

fn check_successor(root: &Signed<Root>, before: Option<&Root>) -> Result<(), String> {
    let checked = match before {
        Some(before) => root.verify_successor(before),
        None => root.verify(&root.signed),
    };
    checked.map_err(|error| sigstead_kit::causes(&error))
}

fn signed(patient: &Patient) -> Seen {
    let root = published::root(patient)?.signed;
    let mut findings = vec![check_signed(&published::targets(patient)?, &root)];
    if let Some(current) = published::current(patient)? {
        findings.push(check_signed(&current.timestamp, &root));
        findings.extend(
            current
                .snapshot
                .map(|snapshot| check_signed(&snapshot, &root)),
        );
    }
    Ok(findings.into_iter().flatten().collect())
}

fn check_signed<T: Role>(metadata: &Signed<T>, root: &Root) -> Option<Finding> {
    let error = metadata.verify(root).err()?;
    let finding = Finding::new(
        format!("clients refuse the {} metadata", T::NAME),
        "bring it back from a copy, or sign it again: `sigctl trust publish`; the `tuf` service signs its own two by itself",
    );
    Some(finding.because(sigstead_kit::causes(&error)))
}

/// When each role ends that is published, and how long before that is to be told.
fn ends(patient: &Patient) -> Result<Vec<(&'static str, OffsetDateTime, Duration)>, Unseen> {
    let (root, targets) = (published::root(patient)?, published::targets(patient)?);
    let mut ends = vec![
        (Root::NAME, root.signed.expires, NOTICE),
        ("targets", targets.signed.expires, NOTICE),
    ];
    if let Some(current) = published::current(patient)? {
        // The service signs again this long before, and should have long ago.
        let again = patient.configs.tuf()?.resign_before.time() / 2;
        let snapshot = current.snapshot.map(|snapshot| snapshot.signed.expires);
        ends.extend(snapshot.map(|expires| ("snapshot", expires, again)));
        ends.push(("timestamp", current.timestamp.signed.expires, again));
    }
    Ok(ends)
}

fn expired(patient: &Patient) -> Seen {
    let ends = ends(patient)?.into_iter();
    let over = ends.filter(|(_, expires, _)| *expires <= patient.now);
    let findings = over.map(|(role, expires, _)| {
        Finding::new(
            format!(
                "the {role} metadata expired on {}, and clients refuse it",
                expires.date()
            ),
            remedy(patient, role),
        )
    });
    Ok(findings.collect())
}

fn expiring(patient: &Patient) -> Seen {
    let ends = ends(patient)?.into_iter();
    let soon = ends.filter(|(_, expires, notice)| {
        let left = *expires - patient.now;
        left.is_positive() && left <= *notice
    });
    let findings = soon.map(|(role, expires, _)| {
        let message = format!("the {role} metadata expires on {}", expires.date());
        Finding::new(message, remedy(patient, role))
    });
    Ok(findings.collect())
}

fn remedy(patient: &Patient, role: &str) -> &'static str {
    match role {
        "root" | "targets" if is_held_by_people(patient, role) => {
            "have it signed again by those who hold its keys: `sigctl ceremony new`"
        }
        "root" | "targets" => "sign it again: `sigctl trust publish`",
        _ => {
            "the `tuf` service signs it again by itself: start it, or see in `sigctl logs` why it does not"
        }
    }
}

fn current(patient: &Patient) -> Seen {
    let Some(current) = published::current(patient)? else {
        return Ok(Vec::new());
    };
    let meta = current.timestamp.signed.snapshot();
    let is_named = |file: &Vec<u8>| meta.is_some_and(|meta| meta.hashes == Hashes::of(file));
    let targets = published::targets(patient)?.signed.version;
    let named = current.snapshot.and_then(|it| it.signed.targets_version());
    let why = if !current.snapshot_file.as_ref().is_some_and(is_named) {
        "the timestamp names a snapshot that is not there, or is another"
    } else if named.is_none_or(|named| named > targets) {
        "the snapshot names targets that are not there"
    } else {
        return Ok(Vec::new());
    };
    let finding = Finding::new(
        "the timestamp leads clients to metadata that is not there",
        "bring tuf/repository back from one copy, whole, and start the `tuf` service: it signs both again",
    );
    Ok(vec![finding.because(why)])
}

fn online_keys(patient: &Patient) -> Seen {
    let root = published::root(patient)?.signed;
    let mut findings = Vec::new();
    for (role, key) in [
        ("snapshot", KeyRole::Snapshot),
        ("timestamp", KeyRole::Timestamp),
    ] {
        patient.keys.of(&key)?;
        let mut keys = patient.keys.all_of(&key);
        if !keys.any(|key| may_sign(&root, role, key)) {
            findings.push(Finding::new(
                format!("the root does not name the key of the {role} role"),
                "bring back the key that the root names; the `tuf` service does not start with another",
            ));
        }
    }
    Ok(findings)
}

fn operator_keys(patient: &Patient) -> Seen {
    let root = published::root(patient)?.signed;
    let keys = [("root", KeyRole::Root), ("targets", KeyRole::Targets)].into_iter();
    // They may be kept elsewhere.
    let here = keys.filter_map(|(role, key)| Some((role, patient.keys.of(&key).ok()?)));
    let other = here.filter(|(role, key)| !may_sign(&root, role, key));
    let findings = other.map(|(role, _)| {
        let remedy = match role {
            "root" | "targets" if is_held_by_people(patient, role) => {
                "destroy it, and its copies: since a ceremony it signs nothing, but clients that slept since would believe it"
            }
            _ => "bring back the key that the root names: with this one nothing can be published",
        };
        let what = format!("the root does not name the key of the {role} role that is in trust/");
        Finding::new(what, remedy)
    });
    Ok(findings.collect())
}

fn ceremony(patient: &Patient) -> Seen {
    let root = published::root(patient)?.signed;
    let what = match patient.instance.manifest.profile {
        Profile::Standard | Profile::Strict | Profile::Airgap
            if !trust::is_held_by_people(&root) =>
        {
            "one key signs the root, so this instance is not in production yet"
        }
        Profile::Strict if !trust::are_targets_held_by_people(&root) => {
            "one key signs the targets, so this instance is not in production yet as its profile asks"
        }
        _ => return Ok(Vec::new()),
    };
    let remedy = "do its first ceremony: docs/ceremony.md, `sigctl ceremony new`";
    Ok(vec![Finding::new(what, remedy)])
}

fn is_held_by_people(patient: &Patient, role: &str) -> bool {
    published::root(patient).is_ok_and(|root| match role {
        "targets" => trust::are_targets_held_by_people(&root.signed),
        _ => trust::is_held_by_people(&root.signed),
    })
}

fn may_sign(root: &Root, role: &str, key: &sigstead_key::PublicKey) -> bool {
    let id = sigstead_trust_root::tuf::TufKey::new(key).map(|key| key.id());
    let role = root.roles.get(role);
    id.is_some_and(|id| role.is_some_and(|role| role.keyids.contains(&id)))
}

/// As the `tuf` service tells it.
const NOTICE: Duration = Duration::days(60);
