//! The logs as they are served: taking entries, of the keys that clients trust, and not behind their files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigstead_key::PublicKey;
use sigstead_proto::admin::v1::{LogFace, LogInfo};
use time::{Duration, OffsetDateTime};

use super::answers::Answers;
use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::patient::{Patient, shown_time};
use super::published;
use crate::instance::Service;

pub(super) const SERVED_LOGS: Subject = Subject {
    name: "logs as they are served",
    checks: &[
        Check::fault(
            "E-DOCTOR-132",
            "every log that clients write to takes entries",
            Look::Services(writable),
        ),
        Check::fault(
            "E-DOCTOR-133",
            "every log serves checkpoints of the key that clients trust",
            Look::Services(log_keys),
        ),
        Check::fault(
            "E-DOCTOR-134",
            "no log serves less than its files have",
            Look::Services(heads),
        ),
        Check::warning(
            "E-DOCTOR-135",
            "every CT log signs its tree head again and again",
            Look::Services(ct_age),
        ),
        Check::fault(
            "E-DOCTOR-136",
            "the running CT log takes the authority's certificates",
            Look::Services(ct_roots),
        ),
    ],
};

fn infos(answers: &Answers) -> Result<&[LogInfo], Unseen> {
    let logs = answers.logs.as_deref();
    logs.map_err(|why| Unseen::new(why.clone()))
}

fn writable(patient: &Patient, answers: &Answers) -> Seen {
    let Some(state) = published::state(patient)? else {
        return Ok(Vec::new());
    };
    let logs = state.signature_logs.iter().chain(&state.certificate_logs);
    let in_service: Vec<_> = logs.filter(|log| log.in_service).collect();
    let mut findings = Vec::new();
    for info in infos(answers)? {
        let is_written_to = in_service
            .iter()
            .any(|log| log.public_key.as_slice() == info.public_key);
        let why = match info {
            _ if !is_written_to => continue,
            info if info.frozen => "it is frozen",
            info if !info.read_only_reason.is_empty() => info.read_only_reason.as_str(),
            info if !info.paused_reason.is_empty() => info.paused_reason.as_str(),
            _ => continue,
        };
        let finding = Finding::new(
            format!("clients write to {}, and it takes no entries", info.origin),
            "mend the cause; `sigctl log resume` ends a pause, `sigctl log open` opens a log in the place of a frozen one",
        );
        findings.push(finding.because(why));
    }
    Ok(findings)
}

fn log_keys(patient: &Patient, answers: &Answers) -> Seen {
    let trusted = published::trusted_root(patient)?;
    let trusted: Vec<_> = trusted.tlogs.iter().chain(&trusted.ctlogs).collect();
    let mut findings = Vec::new();
    for info in infos(answers)? {
        let is_trusted = trusted
            .iter()
            .any(|log| log.public_key.raw_bytes.as_slice() == info.public_key);
        let why = match is_trusted {
            true => wrong_checkpoint(patient, info),
            false => Some("clients do not trust the key".to_owned()),
        };
        findings.extend(why.map(|why| {
            let finding = Finding::new(
                format!("clients refuse the checkpoints of {}", info.origin),
                "publish the log if it is new: `sigctl log open` again; else the service signs with another key than its \
                 file has: restart it",
            );
            finding.because(why)
        }));
    }
    Ok(findings)
}

/// Why the checkpoint that a log serves does not verify. That of the CT log is signed in another form, and is not looked at.
fn wrong_checkpoint(patient: &Patient, info: &LogInfo) -> Option<String> {
    let mut places = patient.configs.logs().iter();
    let place = places.find(|place| place.name == info.origin && info.face() != LogFace::Ct)?;
    let key = PublicKey::from_spki_der(&info.public_key);
    let key = key.map_err(|error| sigstead_kit::causes(&error));
    key.and_then(|key| place.verify(&info.checkpoint, &key))
        .err()
}

fn heads(patient: &Patient, answers: &Answers) -> Seen {
    let mut findings = Vec::new();
    for log in patient.configs.logs() {
        let info = infos(answers)?.iter().find(|info| info.origin == log.name);
        let Some(info) = info else { continue };
        // Asked before the file was read, so the file may be further.
        let Some(known) = patient.anchors.get(&log.name) else {
            continue;
        };
        let is_fork = info.size == known.head.size && info.root_hash != known.head.root.as_bytes();
        if info.size < known.head.size || is_fork {
            findings.push(Finding::new(
                format!(
                    "{} serves {} entries, and its anchor knows {} or other ones",
                    log.name, info.size, known.head.size
                ),
                "stop the service: it runs on another copy of the log than this; find the newest copy before it is started \
                 again",
            ));
        }
    }
    Ok(findings)
}

fn ct_age(patient: &Patient, answers: &Answers) -> Seen {
    let Some(config) = patient.configs.ctlog()? else {
        return Ok(Vec::new());
    };
    // A log that was opened later has the same, unless its operator wrote another one.
    let interval = config.refresh_interval.time();
    let infos = infos(answers)?.iter();
    let logs: Vec<_> = infos.filter(|info| info.face() == LogFace::Ct).collect();
    if logs.is_empty() {
        return Err(Unseen::new("ctlog does not answer"));
    }
    let most = interval * 2 + Duration::minutes(1);
    let mut findings = Vec::new();
    // The last head of a log that has ended is never signed again.
    for info in logs.into_iter().filter(|info| !info.frozen) {
        let published = info.published.map_or(0, |time| time.seconds);
        let published = OffsetDateTime::from_unix_timestamp(published).ok();
        let age = published.map(|published| patient.now - published);
        if interval.is_positive() && age.is_none_or(|age| age > most) {
            findings.push(Finding::new(
                format!(
                    "the newest tree head of {} is of {}",
                    info.origin,
                    shown(published)
                ),
                "see in `sigctl logs DIR ctlog` why it is not signed again every `refresh_interval`; monitors take the log for \
                 dead",
            ));
        }
    }
    Ok(findings)
}

fn shown(time: Option<OffsetDateTime>) -> String {
    time.map_or_else(|| "no time".to_owned(), shown_time)
}

#[derive(Deserialize)]
struct Roots {
    certificates: Vec<String>,
}

fn ct_roots(patient: &Patient, answers: &Answers) -> Seen {
    if patient.configs.ctlog()?.is_none() {
        return Ok(Vec::new());
    }
    let chain = patient.certificates(&patient.at(Service::Ca, &patient.configs.ca()?.chain))?;
    let root = chain.last().map(|root| STANDARD.encode(root.to_der()));
    let page = answers.page(Service::Ctlog)?;
    let served = serde_json::from_slice::<Roots>(&page.bytes).ok();
    let served = served.map_or_else(Vec::new, |roots| roots.certificates);
    if_so(!root.is_some_and(|root| served.contains(&root)), || {
        Finding::new(
            "the running CT log does not take the authority's certificates",
            "let ctlog/roots.pem have the last certificate of ca/chain.pem; the log reads it again within seconds, unless it \
             cannot be read: `sigctl logs DIR ctlog`",
        )
    })
}
