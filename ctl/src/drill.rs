//! `sigctl drill`: a restore that nobody needs yet. The backup is laid out whole, everything about it is checked that can be
//! without starting a service, and it is removed again.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::backup::{
    Layout, Named, Passphrase, Place, ProvenLog, Remembered, Scratch, Target, Wanted,
    content_bytes, inspect, log_line, millis, prove, size, span,
};
use crate::beside::Beside;
use crate::bucket::Options;
use crate::drill_measures::{self, Outcome};
use crate::elapsed::period;
use crate::failure::{Exit, Failure};
use crate::interrupt::waiting;
use crate::output::Output;
use crate::trust::{self, Shown};

/// Which backup.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    passphrase: Passphrase,

    #[command(flatten)]
    scratch: Scratch,

    #[command(flatten)]
    bucket: Options,

    /// A file to write however the drill ends, ending with .prom, for the textfile collector of Prometheus' node exporter.
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
}

#[derive(Serialize)]
struct Drilled {
    file: Target,
    instance: String,
    made_by: String,
    #[serde(with = "time::serde::rfc3339")]
    began: OffsetDateTime,
    /// What was done since then is not in the backup.
    age_seconds: i64,
    files: usize,
    content_bytes: u64,
    /// How long it took to lay everything out.
    unpack_millis: u64,
    /// How long it took to verify it.
    check_millis: u64,
    logs: Vec<ProvenLog>,
    /// Absent where the trust state is kept elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    trust: Option<Shown>,
    outside: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let place = arguments.named.place(&arguments.bucket)?;
    let file = place.target();
    let drilled = drill(place, &arguments.passphrase, &arguments.scratch, output).await;
    let written = arguments.textfile.map_or(Ok(()), |path| {
        let proven = drilled.as_ref().ok();
        let proven = proven.map(|drilled| (drilled.instance.as_str(), SystemClock.now()));
        let file = &file;
        drill_measures::write(&path, &Outcome { file, proven })
    });
    let drilled = drilled?;
    written?;
    output.print(&drilled, text);
    let is_whole = drilled.outside.is_empty();
    Ok(if is_whole { Exit::Done } else { Exit::Warned })
}

async fn drill(
    place: Place,
    passphrase: &Passphrase,
    scratch: &Scratch,
    output: Output,
) -> Result<Drilled, Failure> {
    let file = place.target();
    let beside = scratch.folder(&place)?;
    let layout = Layout {
        folder: beside.path().to_owned(),
        wanted: Wanted::Everything,
        passphrase: passphrase.read()?,
        place,
    };
    let start = Instant::now();
    output.progress("laying the backup out");
    let manifest = layout.unpack().await?;
    let unpack_millis = millis(start);
    output.progress("proving what was laid out");
    let start = Instant::now();
    let checked = waiting(check(&beside, &manifest)).await;
    let (logs, trust) =
        checked.map_err(|failure| failure.naming(beside.path(), file.to_string().as_ref()))?;
    Ok(Drilled {
        files: manifest.files.len(),
        content_bytes: content_bytes(&manifest),
        age_seconds: (SystemClock.now() - manifest.opening.began).whole_seconds(),
        check_millis: millis(start),
        began: manifest.opening.began,
        instance: manifest.opening.instance,
        made_by: manifest.opening.made_by,
        outside: manifest.outside,
        file,
        unpack_millis,
        logs,
        trust,
    })
}

async fn check(
    beside: &Beside,
    manifest: &sigstead_archive::Manifest,
) -> Result<(Vec<ProvenLog>, Option<Shown>), Failure> {
    let laid_out = inspect(beside.path(), manifest).await?;
    let remembered: Vec<_> = laid_out.logs.iter().map(Remembered::of).collect();
    let logs = prove(beside.path(), &manifest.logs, &remembered).await?;
    let instance = &laid_out.instance;
    let has_trust = instance.path("trust/state.json").exists();
    let trust = has_trust.then(|| trust::look(instance, SystemClock.now()));
    Ok((logs, trust.transpose()?))
}

fn text(drilled: &Drilled) -> String {
    let mut lines = vec![
        format!(
            "a restore of {} would work: {} files, {}, as it was {} ago",
            drilled.instance,
            drilled.files,
            size(drilled.content_bytes),
            period(u64::try_from(drilled.age_seconds).unwrap_or_default())
        ),
        format!(
            "  laid out in {}, verified in {}",
            span(drilled.unpack_millis),
            span(drilled.check_millis)
        ),
    ];
    lines.extend(drilled.logs.iter().map(log_line));
    lines.extend(drilled.trust.as_ref().map(trust::roles_line));
    let outside = drilled.outside.iter();
    lines.extend(outside.map(|path| format!("  warn  not in it, and needed: {path}")));
    lines.join("\n")
}
