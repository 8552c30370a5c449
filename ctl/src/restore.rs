//! `sigctl restore`: an instance out of a backup. It signs nothing and starts nothing.
//!
//! 1. The backup is laid out in a private folder beside the wanted one, and read to its end.
//! 2. Each log is opened and verified there, and the configurations and keys are held against the manifest.
//! 3. Everything is made durable, and the folder gets its name by one rename.
//!
//! A command that ends before the third step leaves nothing. What this machine remembers of the logs decides, as ever, whether
//! they may sign: that rule is the logs' own, and this command only says beforehand what it will come to.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_archive::Manifest;
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::backup::{
    Layout, Named, Passphrase, ProvenLog, Remembered, Wanted, content_bytes, inspect, log_line,
    millis, prove, size, span, steps,
};
use crate::beside::{Beside, refuse_existing};
use crate::bucket::Options;
use crate::elapsed::period;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::interrupt::waiting;
use crate::output::Output;
use crate::{audit, trust};

/// From where and to where.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,

    /// The directory of the instance; it must not be there, or be empty.
    directory: PathBuf,

    #[command(flatten)]
    passphrase: Passphrase,

    #[command(flatten)]
    bucket: Options,
}

#[derive(Serialize)]
struct Restored {
    directory: PathBuf,
    instance: String,
    #[serde(with = "time::serde::rfc3339")]
    began: OffsetDateTime,
    age_seconds: i64,
    took_millis: u64,
    files: usize,
    content_bytes: u64,
    logs: Vec<ProvenLog>,
    /// What the instance uses and the backup had not.
    outside: Vec<String>,
    /// What is left to do before all logs take entries.
    steps: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let start = Instant::now();
    let passphrase = arguments.passphrase.read()?;
    refuse_existing(&arguments.directory)?;
    let place = arguments.named.place(&arguments.bucket)?;
    let beside = Beside::create(&arguments.directory)?;
    let layout = Layout {
        folder: beside.path().to_owned(),
        wanted: Wanted::Everything,
        passphrase,
        place,
    };
    output.progress("laying the backup out");
    let manifest = layout.unpack().await?;
    output.progress("proving what was laid out");
    let checking = waiting(check(&beside, &manifest));
    // The folder that things were laid out in is none that the caller knows.
    let logs = checking.await;
    let logs = logs.map_err(|failure| failure.naming(beside.path(), &arguments.directory))?;
    sigstead_durable::sync_file_system(beside.path())
        .map_err(|error| Failure::file("write", &arguments.directory, error))?;
    beside.become_the(&arguments.directory)?;
    sigstead_durable::sync_directory(sigstead_durable::parent(&arguments.directory))
        .map_err(|error| Failure::file("write", &arguments.directory, error))?;
    let records = steps_of_records(&Instance::open(&arguments.directory)?)?;
    let restored = Restored {
        files: manifest.files.len(),
        content_bytes: content_bytes(&manifest),
        age_seconds: (SystemClock.now() - manifest.opening.began).whole_seconds(),
        took_millis: millis(start),
        began: manifest.opening.began,
        steps: [steps(&arguments.directory, &logs), records].concat(),
        directory: arguments.directory,
        instance: manifest.opening.instance,
        outside: manifest.outside,
        logs,
    };
    output.print(&restored, text);
    let is_whole = restored.outside.is_empty() && !restored.logs.iter().any(ProvenLog::is_refused);
    Ok(if is_whole { Exit::Done } else { Exit::Warned })
}

/// What is left to do before administrators can do something, a line for each record of their acts.
fn steps_of_records(instance: &Instance) -> Result<Vec<String>, Failure> {
    let heads = audit::heads_ahead(instance)?.into_iter();
    let step = |head: PathBuf| {
        format!(
            "the record of what administrators did lacks what was done after the backup; nothing more is until its newer head is \
             moved away: {}",
            head.display()
        )
    };
    Ok(heads.map(step).collect())
}

async fn check(beside: &Beside, manifest: &Manifest) -> Result<Vec<ProvenLog>, Failure> {
    let laid_out = inspect(beside.path(), manifest).await?;
    if laid_out.instance.path("trust/state.json").exists() {
        trust::look(&laid_out.instance, SystemClock.now())?;
    }
    let remembered: Vec<_> = laid_out.logs.iter().map(Remembered::of).collect();
    prove(beside.path(), &manifest.logs, &remembered).await
}

fn text(restored: &Restored) -> String {
    let mut lines = vec![format!(
        "restored {} as it was {} ago into {}: {} files, {} in {}",
        restored.instance,
        period(u64::try_from(restored.age_seconds).unwrap_or_default()),
        restored.directory.display(),
        restored.files,
        size(restored.content_bytes),
        span(restored.took_millis)
    )];
    lines.extend(restored.logs.iter().map(log_line));
    let outside = restored.outside.iter();
    lines.extend(outside.map(|path| format!("  not in the backup, bring it back: {path}")));
    lines.extend(restored.steps.iter().map(|step| format!("  {step}")));
    lines.push(format!(
        "then start it: sigctl up {}",
        restored.directory.display()
    ));
    lines.join("\n")
}
