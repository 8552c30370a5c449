//! The logs as they are on disk: whole, not older than their anchors, and of their keys.

use std::collections::BTreeSet;

use sigstead_journal::Round;
use sigstead_sequencer::Anchored;
use sigstead_trust_root::LogFace;
use time::{Duration, OffsetDateTime};

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::key_ring::Role;
use super::patient::{Patient, shown_time};
use super::windows;
use crate::configured::LogPlace;

pub(super) const LOGS: Subject = Subject {
    name: "logs",
    checks: &[
        Check::fault(
            "E-DOCTOR-060",
            "the journal of every log can be read",
            Look::Files(journals),
        ),
        Check::fault(
            "E-DOCTOR-061",
            "every anchor can be read",
            Look::Files(anchors),
        ),
        Check::fault(
            "E-DOCTOR-062",
            "every log has its anchor",
            Look::Files(unanchored),
        ),
        Check::fault(
            "E-DOCTOR-063",
            "no log is older than its anchor",
            Look::Files(behind),
        ),
        Check::warning(
            "E-DOCTOR-064",
            "a copy of the instance is no copy of its anchors",
            Look::Files(anchors_inside),
        ),
        Check::fault(
            "E-DOCTOR-065",
            "every log was signed with the key that it has",
            Look::Files(keys),
        ),
        Check::fault(
            "E-DOCTOR-066",
            "no two logs share a directory or an anchor",
            Look::Files(shared),
        ),
        Check::fault(
            "E-DOCTOR-067",
            "the clock is not behind what was signed",
            Look::Files(clock),
        ),
        Check::warning(
            "E-DOCTOR-068",
            "some CT log takes the certificates of the next weeks",
            Look::Files(windows::end_soon),
        ),
    ],
};

fn last_round(log: &LogPlace) -> Result<Option<Round>, Unseen> {
    log.stored()
        .map_err(|_| Unseen::new(format!("the journal of {} cannot be read", log.name)))
}

fn anchored(log: &LogPlace) -> Result<Option<Anchored>, Unseen> {
    log.anchored()
        .map_err(|_| Unseen::new(format!("the anchor of {} cannot be read", log.name)))
}

fn journals(patient: &Patient) -> Seen {
    let logs = patient.configs.logs().iter();
    let findings = logs.filter_map(|log| {
        let error = log.stored().err()?;
        let finding = Finding::new(
            format!("the journal of {} is not what was written", log.name),
            "keep the directory as it is, and restore the newest copy of the log beside it; an older one must not take entries",
        );
        Some(finding.because(sigstead_kit::causes(&error)))
    });
    Ok(findings.collect())
}

fn anchors(patient: &Patient) -> Seen {
    let logs = patient.configs.logs().iter();
    let findings = logs.filter_map(|log| {
        let error = log.anchored().err()?;
        let finding = Finding::new(
            format!("the anchor of {} cannot be read", log.name),
            "see to the disk; if the file is damaged and this is the newest copy of the log, move the file away and run \
             `sigctl log adopt`",
        );
        Some(finding.because(sigstead_kit::causes(&error)))
    });
    Ok(findings.collect())
}

fn unanchored(patient: &Patient) -> Seen {
    let mut findings = Vec::new();
    for log in patient.configs.logs() {
        let size = last_round(log)?.map(|round| round.head.size);
        let found = match (anchored(log)?, size) {
            (None, Some(size)) => Finding::new(
                format!("{} has {size} entries here and no anchor", log.name),
                "bring the anchor back, or if this is the newest copy and none runs elsewhere: `sigctl log adopt`",
            ),
            (None, None) => Finding::new(
                format!("{} has neither data nor an anchor here", log.name),
                "bring both back; only if the log never had an entry: `sigctl log adopt --empty`",
            ),
            (Some(known), Some(size)) if known.is_beginning() && size > 0 => Finding::new(
                format!(
                    "{} has {size} entries here, and its anchor is that of a log which never had one",
                    log.name
                ),
                "bring its anchor back, or if this is the newest copy and none runs elsewhere: `sigctl log adopt`",
            ),
            (Some(_), _) => continue,
        };
        findings.push(found);
    }
    Ok(findings)
}

fn behind(patient: &Patient) -> Seen {
    let mut findings = Vec::new();
    for log in patient.configs.logs() {
        // In this order: the anchor never leads a log that runs meanwhile.
        let Some(known) = anchored(log)? else {
            continue;
        };
        let here = last_round(log)?.map(|round| round.head.size);
        if here.is_none() && !known.is_beginning() {
            findings.push(Finding::new(
                format!(
                    "nothing of {} is stored here, and its anchor knows {} entries",
                    log.name, known.head.size
                ),
                "mount the disk of its data, or restore the newest copy; if there is none, open a successor",
            ));
        }
        let here = here.unwrap_or(known.head.size);
        if here < known.head.size {
            findings.push(Finding::new(
                format!(
                    "{} has {here} entries here, and its anchor knows {}",
                    log.name, known.head.size
                ),
                "restore the newest copy; if there is none, let the log stay read-only and open a successor: clients hold \
                 proofs of what is missing",
            ));
        }
    }
    Ok(findings)
}

fn anchors_inside(patient: &Patient) -> Seen {
    let folder = patient.instance.directory();
    let logs = patient.configs.logs().iter();
    let inside = logs.filter(|log| log.anchor.starts_with(folder));
    let findings = inside.map(|log| {
        Finding::new(
            format!(
                "the anchor of {} is in the instance: {}",
                log.name,
                patient.shown(&log.anchor)
            ),
            "stop the service, move the file out of the instance, best to another disk, and write its place into the \
             configuration; else nobody notices when an old copy is restored",
        )
    });
    Ok(findings.collect())
}

fn keys(patient: &Patient) -> Seen {
    let mut findings = Vec::new();
    for log in patient.configs.logs() {
        // Its checkpoints are signed in another form.
        if log.face == LogFace::CertificateTransparency {
            continue;
        }
        let Some(round) = last_round(log)? else {
            continue;
        };
        let key = patient.keys.of(&Role::Log(log.name.clone()))?;
        let note = String::from_utf8_lossy(&round.checkpoint);
        if let Err(why) = log.verify(&note, key) {
            let finding = Finding::new(
                format!(
                    "the checkpoint of {} is not of the key that it has now",
                    log.name
                ),
                "bring back the key that belongs to the log, or the log that belongs to the key: a new key is a new log",
            );
            findings.push(finding.because(why));
        }
    }
    Ok(findings)
}

fn shared(patient: &Patient) -> Seen {
    let mut taken = BTreeSet::new();
    let mut findings = Vec::new();
    for log in patient.configs.logs() {
        for place in [&log.data, &log.anchor] {
            if !taken.insert(place) {
                findings.push(Finding::new(
                    format!(
                        "{} is in {}, where another log is",
                        log.name,
                        patient.shown(place)
                    ),
                    "give each log a directory and an anchor of its own",
                ));
            }
        }
    }
    Ok(findings)
}

fn clock(patient: &Patient) -> Seen {
    let mut newest = patient.instance.manifest.created;
    for log in patient.configs.logs() {
        let known = [
            anchored(log)?.map(|anchored| anchored.time_millis),
            last_round(log)?.map(|round| round.time_millis),
        ];
        let known = known.into_iter().flatten().filter_map(from_millis);
        newest = known.fold(newest, OffsetDateTime::max);
    }
    if_so(patient.now + TOLERANCE < newest, || {
        Finding::new(
            format!(
                "it is {} here, and something of the instance was signed at {}",
                shown_time(patient.now),
                shown_time(newest)
            ),
            "set this machine's clock, and let it be set by a time server",
        )
    })
}

fn from_millis(millis: u64) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(millis / 1_000).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

/// A clock that is set goes back by less.
const TOLERANCE: Duration = Duration::seconds(5);
