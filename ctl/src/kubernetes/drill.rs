//! `sigctl kubernetes drill`: a restore of a volume that nobody needs yet, beside the pod that runs on it. The newest backup is
//! laid out whole, proven as `sigctl kubernetes restore` proves it, and removed again.

use clap::Args;
use serde::Serialize;
use sigstead_archive::{Manifest, Part};
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::laid_out::prove_laid_out;
use crate::backup::{
    AnchorState, Layout, Mounted, Passphrase, ProvenLog, Scratch, Target, Volume, Wanted,
    content_bytes, log_line, millis, newest, refuse_unknown_keys, size, span,
};
use crate::beside::Beside;
use crate::bucket::Options;
use crate::elapsed::period;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Whose backup, and where it is.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    mounted: Mounted,

    /// The folder with the backups, or `s3://BUCKET/PREFIX`. The newest of the pod's volume is taken.
    from: Target,

    #[command(flatten)]
    passphrase: Passphrase,

    #[command(flatten)]
    scratch: Scratch,

    #[command(flatten)]
    bucket: Options,
}

#[derive(Serialize)]
struct Drilled {
    file: Target,
    instance: String,
    service: String,
    replica: u16,
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
    /// With how many entries each lacks that its anchor knows of.
    logs: Vec<ProvenLog>,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let volume = arguments.mounted.open()?;
    let place = newest(&volume, arguments.from, &arguments.bucket).await?;
    let file = place.target();
    let beside = arguments.scratch.folder(&place)?;
    let layout = Layout {
        passphrase: arguments.passphrase.read()?,
        folder: beside.path().to_owned(),
        wanted: Wanted::Everything,
        place,
    };
    let start = Instant::now();
    output.progress(&format!("laying {file} out"));
    let manifest = layout.unpack().await?;
    let unpack_millis = millis(start);
    output.progress("proving what was laid out");
    let start = Instant::now();
    let checked = check(&volume, &beside, &manifest).await;
    let logs =
        checked.map_err(|failure| failure.naming(beside.path(), file.to_string().as_ref()))?;
    let Part { service, replica } = volume.part();
    let drilled = Drilled {
        files: manifest.files.len(),
        content_bytes: content_bytes(&manifest),
        age_seconds: (SystemClock.now() - manifest.opening.began).whole_seconds(),
        check_millis: millis(start),
        began: manifest.opening.began,
        instance: manifest.opening.instance,
        made_by: manifest.opening.made_by,
        file,
        service,
        replica,
        unpack_millis,
        logs,
    };
    output.print(&drilled, text);
    Ok(if drilled.would_work() {
        Exit::Done
    } else {
        Exit::Warned
    })
}

impl Drilled {
    /// Whether each log is an earlier state of the one whose anchor is here. That the anchor knows more is how it is while the
    /// pod runs.
    fn would_work(&self) -> bool {
        let mut anchors = self.logs.iter().map(|log| log.anchor);
        anchors.all(|anchor| matches!(anchor, Some(AnchorState::Reached | AnchorState::Ahead)))
    }
}

async fn check(
    volume: &Volume,
    beside: &Beside,
    manifest: &Manifest,
) -> Result<Vec<ProvenLog>, Failure> {
    volume.refuse_other(&manifest.opening)?;
    refuse_unknown_keys(volume, &manifest.logs)?;
    let (_, logs) = prove_laid_out(volume, beside.path(), manifest).await?;
    Ok(logs)
}

fn text(drilled: &Drilled) -> String {
    let outcome = match drilled.would_work() {
        true => "would work",
        false => "would leave a log read-only",
    };
    let mut lines = vec![
        format!(
            "a restore of {} {} of {} {outcome}: {} files, {}, as it was {} ago",
            drilled.service,
            drilled.replica,
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
    lines.join("\n")
}
