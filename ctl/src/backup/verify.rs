use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;

use super::passphrase::Passphrase;
use super::place::Named;
use super::print::{self, log_line};
use super::prove::{ProvenLog, prove};
use super::scratch::Scratch;
use super::target::Target;
use super::unpack::{Layout, Wanted, content_bytes};
use crate::bucket::Options;
use crate::elapsed::period;
use crate::failure::Failure;
use crate::interrupt::waiting;
use crate::output::Output;

/// Which backup.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    passphrase: Passphrase,

    #[command(flatten)]
    scratch: Scratch,

    #[command(flatten)]
    bucket: Options,
}

#[derive(Serialize)]
struct Verified {
    file: Target,
    instance: String,
    made_by: String,
    #[serde(with = "time::serde::rfc3339")]
    began: OffsetDateTime,
    age_seconds: i64,
    file_bytes: u64,
    files: usize,
    content_bytes: u64,
    logs: Vec<ProvenLog>,
    outside: Vec<String>,
}

/// Reads the file to its end, and opens and verifies the logs that come out of it. What else is in it is compared with the
/// manifest and written nowhere.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let passphrase = arguments.passphrase.read()?;
    let place = arguments.named.place(&arguments.bucket)?;
    let laid_out = arguments.scratch.folder(&place)?;
    let layout = Layout {
        place: place.clone(),
        folder: laid_out.path().to_owned(),
        wanted: Wanted::Logs,
        passphrase,
    };
    let manifest = layout.unpack().await?;
    let logs = waiting(prove(laid_out.path(), &manifest.logs, &[])).await?;
    let verified = Verified {
        file_bytes: place.length().await?,
        files: manifest.files.len(),
        content_bytes: content_bytes(&manifest),
        age_seconds: (SystemClock.now() - manifest.opening.began).whole_seconds(),
        began: manifest.opening.began,
        instance: manifest.opening.instance,
        made_by: manifest.opening.made_by,
        file: place.target(),
        outside: manifest.outside,
        logs,
    };
    output.print(&verified, text);
    Ok(())
}

fn text(verified: &Verified) -> String {
    let mut lines = vec![format!(
        "good: {} of {} ago, {} files, {}",
        verified.instance,
        period(u64::try_from(verified.age_seconds).unwrap_or_default()),
        verified.files,
        print::size(verified.content_bytes)
    )];
    lines.extend(verified.logs.iter().map(log_line));
    let outside = verified.outside.iter();
    lines.extend(outside.map(|path| format!("  not in it: {path}")));
    lines.join("\n")
}
