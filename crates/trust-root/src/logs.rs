//! The logs of an instance, and to which of them clients write at what time.
//!
//! A log's key is the log's for ever: its successor has another one, and for a Rekor v2 log another name. Both are there side
//! by side until the old one takes entries no more.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use sigstead_key::PublicKey as Key;
use sigstead_protojson::Base64Bytes;
use time::OffsetDateTime;

use crate::error::Error;
use crate::trusted_root::TimeRange;

/// One log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogState {
    /// What the log speaks.
    pub face: LogFace,
    /// The URL whose host names the log in checkpoints.
    pub base_url: String,
    /// The URL that clients dial.
    pub url: String,
    /// SubjectPublicKeyInfo of the log's key, DER.
    pub public_key: Base64Bytes,
    /// How entries name the log.
    pub log_id: Base64Bytes,
    /// When signatures of this log count.
    pub valid_for: TimeRange,
    /// Whether clients shall write to it.
    pub in_service: bool,
    /// When they shall, while it is in service; nothing if it is all the time in which its signatures count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<TimeRange>,
}

/// What a log speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFace {
    /// Rekor v1.
    RekorV1,
    /// Rekor v2.
    RekorV2,
    /// Certificate transparency.
    CertificateTransparency,
}

impl LogState {
    pub(crate) fn key(&self) -> Result<Key, Error> {
        Key::from_spki_der(self.public_key.as_slice()).map_err(|source| Error::PublicKey {
            owner: self.base_url.clone(),
            source,
        })
    }

    /// When clients shall write to it, while it is in service.
    pub(crate) fn offer(&self) -> TimeRange {
        self.offered.unwrap_or(self.valid_for)
    }

    /// Clients write to it as before, but not after `until`.
    fn until(&mut self, until: Option<OffsetDateTime>) {
        let start = self.offer().start;
        self.offered = Some(TimeRange { start, end: until });
    }

    /// Whether both say the same of what can never change.
    pub(crate) fn is_same_log(&self, other: &Self) -> bool {
        (self.face, &self.base_url, &self.public_key)
            == (other.face, &other.base_url, &other.public_key)
    }
}

/// Adds a log to which clients write from the start of its offer on. They write to those of its face that are in service now
/// until `until`, in case a clock is late. A log that is in service already gets the new times.
///
/// # Errors
/// If the log's key cannot be read, the log begins to be offered before it counts or after `until`, or another log has its
/// identifier or had it.
pub(crate) fn add_successor(
    logs: &mut Vec<LogState>,
    log: LogState,
    until: OffsetDateTime,
) -> Result<(), Error> {
    log.key()?;
    let (Some(counts), Some(offered)) = (log.valid_for.start, log.offer().start) else {
        return Err(Error::NoStart {
            owner: log.base_url,
        });
    };
    if offered < counts || until < offered {
        return Err(Error::EndNotInRange {
            owner: log.base_url,
        });
    }
    let others = logs.iter_mut().filter(|other| other.log_id != log.log_id);
    for other in others.filter(|other| other.face == log.face && other.in_service) {
        other.until(Some(until));
    }
    match logs.iter_mut().find(|known| known.log_id == log.log_id) {
        None => logs.push(log),
        Some(known) if known.is_same_log(&log) && known.in_service => known.offered = log.offered,
        Some(known) => {
            return Err(Error::LogIdTaken {
                owner: known.base_url.clone(),
            });
        }
    }
    Ok(())
}

/// Adds a log beside those of its face, which stay as they are. A log that is there already stays as it is too.
///
/// # Errors
/// If the log's key cannot be read or counts from no time, or another log has its identifier.
pub(crate) fn add_beside(logs: &mut Vec<LogState>, log: LogState) -> Result<(), Error> {
    log.key()?;
    if log.valid_for.start.is_none() {
        return Err(Error::NoStart {
            owner: log.base_url,
        });
    }
    match logs.iter().find(|known| known.log_id == log.log_id) {
        None => logs.push(log),
        Some(known) if known.is_same_log(&log) => {}
        Some(known) => {
            return Err(Error::LogIdTaken {
                owner: known.base_url.clone(),
            });
        }
    }
    Ok(())
}

/// Takes a log out of service to which clients were to write from a time to come: they write on to those that were in service
/// before it. Its signatures count until it is given an end.
///
/// # Errors
/// If there is no such log, or no other of its face is in service.
pub(crate) fn withdraw(logs: &mut [LogState], log_id: &[u8]) -> Result<(), Error> {
    let unknown = || Error::LogUnknown {
        log_id: hex::encode(log_id),
    };
    let is_it = |log: &LogState| log.log_id.as_slice() == log_id;
    let face = logs.iter().find(|log| is_it(log)).ok_or_else(unknown)?.face;
    let remains = |log: &LogState| log.face == face && log.in_service && !is_it(log);
    if !logs.iter().any(remains) {
        return Err(unknown());
    }
    for log in logs.iter_mut() {
        if is_it(log) {
            log.in_service = false;
        } else if log.face == face && log.in_service {
            log.until(None);
        }
    }
    Ok(())
}

/// Clients that look at the first entry only shall see the newest.
pub(crate) fn newest_first(logs: &[LogState]) -> Vec<&LogState> {
    let mut sorted: Vec<&LogState> = logs.iter().collect();
    sorted.sort_by_key(|log| Reverse(log.valid_for.start));
    sorted
}

/// Clients of Rekor v1 that look at the first entry only shall see a log of theirs; those of Rekor v2 look for the log that
/// an entry names.
pub(crate) fn first_faces_first(logs: &[LogState]) -> Vec<&LogState> {
    let mut sorted: Vec<&LogState> = logs.iter().collect();
    sorted.sort_by_key(|log| (log.face, Reverse(log.valid_for.start)));
    sorted
}
