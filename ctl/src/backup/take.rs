//! A backup of an instance, or of the volume of a service, while its services run, in an order in which what was read fits together.
//!
//! 1. The right to change the trust state is taken, so that nobody publishes and no log is opened by `sigctl`. The logs are
//!    listed.
//! 2. `timestamp.json` of the TUF repository is read before the other files, because it names a snapshot, and that one
//!    targets, which are never removed. Then all small files: configurations, keys, trust state, repository, accounts. Each
//!    is replaced as a whole or appended to, and is taken through one descriptor. The logs are listed again: a description
//!    of a log without its data would begin that log from nothing.
//! 3. The journals: those of Rekor before that of the CT log, so that the certificate of an entry is in the copy too. Each is
//!    a [`Snapshot`], which has every round that was durable before. Its last round is the head of the log in the copy.
//! 4. Of each log the bundles and tiles that a log of that size has, after its journal, because a journal forgets a round only when the tiles
//!    have it. What a log has gained meanwhile is left out: the copy goes on with other entries, and must not find these.
//! 5. The record of issuances, after the logs, because an issuance is recorded before a log sees its certificate.
//!
//! Everything is read after the command began, so what was acknowledged before that is in it.

use std::io::Write;

use sigstead_archive::{LogFace, LogRecord};
use sigstead_journal::Snapshot;
use sigstead_kit::causes;
use sigstead_sequencer::cold_paths;
use sigstead_tiles::BundleKind;

use super::contents::Contents;
use super::packer::{Packer, Presence};
use super::refusal::changed;
use super::subject::{KeyedLog, Subject};
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;

/// Puts a subject into an archive, and says what its logs are in there.
pub(super) fn pack<W: Write>(
    subject: &Subject,
    logs: &[KeyedLog],
    packer: &mut Packer<'_, W>,
) -> Result<Vec<LogRecord>, Failure> {
    let turn = subject.turn()?;
    let configured = subject.configured()?;
    let contents = subject.contents(&configured)?;
    same_logs(logs, &configured)?;
    small_files(&contents, packer)?;
    same_logs(logs, &subject.configured()?)?;
    drop(turn);
    let copied = journals(logs, packer)?;
    for record in &copied {
        tiles(&contents, record, packer)?;
    }
    if let Some(record) = &contents.record {
        for path in contents.below(record)? {
            // A segment is removed when its retention is over.
            packer.file(&path, Presence::Passing)?;
        }
    }
    Ok(copied)
}

fn same_logs(before: &[KeyedLog], after: &[ConfiguredLog]) -> Result<(), Failure> {
    let before = before.iter().map(|keyed| &keyed.log.name);
    match before.eq(after.iter().map(|log| &log.name)) {
        true => Ok(()),
        false => Err(changed("a log was opened")),
    }
}

fn small_files<W: Write>(contents: &Contents, packer: &mut Packer<'_, W>) -> Result<(), Failure> {
    if let Some(timestamp) = &contents.timestamp {
        // The service writes it when it starts for the first time.
        packer.file(timestamp, Presence::Passing)?;
    }
    for path in contents.plain()? {
        packer.file(&path, Presence::Required)?;
    }
    Ok(())
}

/// Reads all journals before any is written to the archive, so that they are of nearly one moment.
fn journals<W: Write>(
    logs: &[KeyedLog],
    packer: &mut Packer<'_, W>,
) -> Result<Vec<LogRecord>, Failure> {
    let mut read = Vec::new();
    for keyed in logs {
        let snapshot = snapshot(&keyed.log)?;
        let record = record(keyed, &snapshot)?;
        read.push((record, snapshot));
    }
    let mut records = Vec::new();
    for (record, snapshot) in read {
        for segment in snapshot.segments {
            let path = format!("{}/journal/{}", record.data, segment.name);
            packer.content(&path, PRIVATE, segment.length, segment.reader())?;
        }
        records.push(record);
    }
    Ok(records)
}

fn snapshot(log: &ConfiguredLog) -> Result<Snapshot, Failure> {
    Snapshot::read(&log.data.join("journal")).map_err(|error| {
        Failure::new(
            "E-CTL-209",
            format!("the journal of {} cannot be copied", log.name),
            "keep the data directory and the last good backup; `sigctl log check` says how the log does",
        )
        .because(causes(&error))
    })
}

fn record(keyed: &KeyedLog, snapshot: &Snapshot) -> Result<LogRecord, Failure> {
    let log = &keyed.log;
    let last = snapshot.last.as_ref().ok_or_else(|| never_opened(log))?;
    let checkpoint = String::from_utf8_lossy(&last.checkpoint).into_owned();
    let public_key = keyed.keys.of_checkpoint(log, &checkpoint)?.to_pem();
    Ok(LogRecord {
        face: log.face,
        origin: log.name.clone(),
        data: keyed.data.clone(),
        public_key,
        size: last.head.size,
        root_hash: hex::encode(last.head.root.as_bytes()),
        time_millis: last.time_millis,
        checkpoint,
    })
}

/// A copy without its journal would begin the log again, under the same key, on a machine that has no anchor.
fn never_opened(log: &ConfiguredLog) -> Failure {
    Failure::new(
        "E-CTL-210",
        format!(
            "{} has no journal: it was never opened, or has lost it",
            log.name
        ),
        "if the instance is new, start it once with `sigctl up`; else restore the log from a backup",
    )
}

fn tiles<W: Write>(
    contents: &Contents,
    record: &LogRecord,
    packer: &mut Packer<'_, W>,
) -> Result<(), Failure> {
    let data = &record.data;
    let kind = match record.face {
        LogFace::RekorV1 | LogFace::RekorV2 => BundleKind::Entries,
        LogFace::Ct => BundleKind::Data,
    };
    for path in cold_paths(kind, record.size) {
        // The newest may still be in the journal alone. That nothing is missing is proven when the copy is opened.
        packer.file(&format!("{data}/tiles/{path}"), Presence::Passing)?;
    }
    for path in contents.below(&format!("{data}/tiles/issuer"))? {
        packer.file(&path, Presence::Required)?;
    }
    packer.file(&format!("{data}/paused"), Presence::Passing)
}

const PRIVATE: u32 = 0o600;

#[cfg(test)]
mod tests {
    use super::super::log_keys::LogKeys;
    use super::*;

    fn log(name: &str) -> ConfiguredLog {
        ConfiguredLog::named(name)
    }

    #[test]
    fn a_log_that_is_opened_while_a_backup_is_taken_ends_it() {
        let keyed = KeyedLog {
            log: log("one"),
            data: "tlog/one".to_owned(),
            keys: LogKeys::AnyOf(Vec::new()),
        };
        let before = [keyed];
        assert!(same_logs(&before, &[log("one")]).is_ok());
        let changed = same_logs(&before, &[log("one"), log("two")]).unwrap_err();
        assert_eq!(changed.code(), "E-CTL-206");
    }
}
