//! `sigctl kubernetes restore`: what a pod had, onto a volume for it. No pod may run on the volume meanwhile.
//!
//! 1. The backup is laid out in a hidden folder of the volume, and read to its end.
//! 2. Each log is opened and verified there, and compared with its anchor. One that is missing is made if the caller said so.
//! 3. Everything is made durable, and the folder gets the name that says that it is whole.
//! 4. What is in it is moved to where the pod looks for it.
//!
//! A command that ends before the third step leaves nothing that counts, and one that ends after it is run again and goes on
//! with the fourth.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_archive::Manifest;
use sigstead_kit::{Clock as _, SystemClock, causes};
use sigstead_merkle::{RootHash, TreeHead};
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};
use time::OffsetDateTime;

use super::laid_out::prove_laid_out;
use super::shelved::{Shelved, refuse_content};
use crate::audit;
use crate::backup::{
    AnchorState, Layout, Mounted, Named, Passphrase, ProvenLog, Volume, Wanted, log_line,
};
use crate::beside::Beside;
use crate::bucket::Options;
use crate::configured_log::ConfiguredLog;
use crate::elapsed::period;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// From where and to where.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    mounted: Mounted,

    #[command(flatten)]
    named: Named,

    /// Make the anchors of logs that have none, because no newer copy of them exists and none runs elsewhere: what the backup
    /// lacks is lost.
    #[arg(long)]
    adopt: bool,

    #[command(flatten)]
    passphrase: Passphrase,

    #[command(flatten)]
    bucket: Options,
}

#[derive(Serialize)]
struct Restored {
    volume: PathBuf,
    #[serde(with = "time::serde::rfc3339")]
    began: OffsetDateTime,
    age_seconds: i64,
    files: usize,
    logs: Vec<ProvenLog>,
    /// What is left to do.
    steps: Vec<String>,
}

#[derive(Serialize)]
struct Resumed {
    volume: PathBuf,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let volume = arguments.mounted.open()?;
    let shelved = Shelved::of(volume.root());
    if shelved.is_there() {
        shelved.put_in_place()?;
        let volume = volume.root().to_owned();
        output.print(&Resumed { volume }, |resumed| {
            let volume = resumed.volume.display();
            format!("put what an interrupted restore had proven in its place on {volume}")
        });
        return Ok(Exit::Done);
    }
    refuse_content(volume.root())?;
    let beside = Beside::create(&shelved.wanted())?;
    let layout = Layout {
        place: arguments.named.place(&arguments.bucket)?,
        passphrase: arguments.passphrase.read()?,
        folder: beside.path().to_owned(),
        wanted: Wanted::Everything,
    };
    output.progress("laying the backup out");
    let manifest = layout.unpack().await?;
    volume.refuse_other(&manifest.opening)?;
    output.progress("proving what was laid out");
    let logs = check(&volume, &beside, &manifest, arguments.adopt).await?;
    let synced = sigstead_durable::sync_file_system(beside.path());
    synced.map_err(|error| Failure::file("write", volume.root(), error))?;
    beside.become_the(shelved.path())?;
    shelved.put_in_place()?;
    told(&volume, manifest, logs, output)
}

fn told(
    volume: &Volume,
    manifest: Manifest,
    logs: Vec<ProvenLog>,
    output: Output,
) -> Result<Exit, Failure> {
    let restored = Restored {
        files: manifest.files.len(),
        began: manifest.opening.began,
        age_seconds: (SystemClock.now() - manifest.opening.began).whole_seconds(),
        steps: steps(volume, &logs)?,
        volume: volume.root().to_owned(),
        logs,
    };
    output.print(&restored, text);
    let is_whole = !restored.logs.iter().any(ProvenLog::is_refused);
    Ok(if is_whole { Exit::Done } else { Exit::Warned })
}

/// Proves the logs that were laid out, and sees to it that each has an anchor.
async fn check(
    volume: &Volume,
    beside: &Beside,
    manifest: &Manifest,
    adopts: bool,
) -> Result<Vec<ProvenLog>, Failure> {
    let (configured, mut logs) = prove_laid_out(volume, beside.path(), manifest).await?;
    refuse_unknown(&logs, adopts)?;
    adopt(&configured, &mut logs)?;
    Ok(logs)
}

/// Without an anchor nobody knows whether the backup is the newest copy, and to say so is for people.
fn refuse_unknown(logs: &[ProvenLog], adopts: bool) -> Result<(), Failure> {
    let is_unknown = |log: &&ProvenLog| log.anchor == Some(AnchorState::Missing);
    match logs.iter().find(is_unknown) {
        Some(log) if !adopts => Err(Failure::new(
            "E-CTL-218",
            format!(
                "{} has no anchor here, so nobody knows whether the backup with {} entries is its newest copy",
                log.origin, log.size
            ),
            "bring the volume of its anchor back; or make sure that no newer copy exists and that none runs elsewhere, and \
             repeat with --adopt",
        )),
        _ => Ok(()),
    }
}

/// An anchor is made before the data are in their place: a service that starts in between finds that they are missing.
fn adopt(configured: &[ConfiguredLog], logs: &mut [ProvenLog]) -> Result<(), Failure> {
    for (log, proven) in configured.iter().zip(logs) {
        if proven.anchor != Some(AnchorState::Missing) {
            continue;
        }
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &log.anchor, error);
        let root = hex::decode(&proven.root_hash).unwrap_or_default();
        let root = RootHash::try_from(root.as_slice()).map_err(|error| failed(&error))?;
        let size = proven.size;
        let adopted = Anchored {
            head: TreeHead { size, root },
            time_millis: proven.sequenced_millis,
        };
        let mut anchor = FileAnchor::new(&log.anchor);
        // One that is there is that of a log which never had an entry.
        let stored = anchor.load().and_then(|_| anchor.store(&adopted));
        stored.map_err(|error| failed(&causes(&error)))?;
        proven.anchor = Some(AnchorState::Reached);
    }
    Ok(())
}

fn steps(volume: &Volume, logs: &[ProvenLog]) -> Result<Vec<String>, Failure> {
    let behind = logs.iter().filter(|log| log.is_refused());
    let mut steps: Vec<_> = behind
        .map(|log| {
            format!(
                "{} stays read-only on this volume: restore a newer backup; if there is none, let another log take its place",
                log.origin
            )
        })
        .collect();
    let head = audit::head_ahead_of(volume.config())?;
    steps.extend(head.map(|head| {
        format!(
            "the record of what administrators did lacks what was done after the backup; nothing more is until its newer head is \
             moved away: {}",
            head.display()
        )
    }));
    Ok(steps)
}

fn text(restored: &Restored) -> String {
    let mut lines = vec![format!(
        "restored {} files as they were {} ago onto {}",
        restored.files,
        period(u64::try_from(restored.age_seconds).unwrap_or_default()),
        restored.volume.display()
    )];
    lines.extend(restored.logs.iter().map(log_line));
    lines.extend(restored.steps.iter().map(|step| format!("  {step}")));
    lines.push("then let the pod of the volume run again".to_owned());
    lines.join("\n")
}
