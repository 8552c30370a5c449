use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_archive::Manifest;
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::draft::Draft;
use super::name::Names;
use super::outside;
use super::packer::{Archive, Packer};
use super::passphrase::Passphrase;
use super::print::{self, log_line};
use super::prove::{ProvenLog, Remembered, prove};
use super::take::{KeyedLog, opening, pack};
use super::unpack::{Wanted, content_bytes, length, unpack};
use crate::beside::Beside;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::interrupt::{Stop, blocking, waiting};
use crate::locate::Where;
use crate::output::Output;

/// From where and to where.
#[derive(Args)]
pub(super) struct Order {
    #[command(flatten)]
    instance: Where,

    /// The file to make, or a folder, in which the backup is called after the instance and the time.
    #[arg(required = true)]
    to: Option<PathBuf>,

    #[command(flatten)]
    passphrase: Passphrase,

    /// How many backups of this instance to keep in the folder; older ones go once this one is proven.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

#[derive(Serialize)]
struct Taken {
    file: PathBuf,
    instance: String,
    #[serde(with = "time::serde::rfc3339")]
    began: OffsetDateTime,
    took_millis: u64,
    file_bytes: u64,
    files: usize,
    content_bytes: u64,
    logs: Vec<ProvenLog>,
    /// What the instance uses and the backup has not.
    outside: Vec<String>,
    /// Older backups.
    removed: Vec<PathBuf>,
}

/// 1. The instance is read into a file beside the wanted one.
/// 2. That file is read again to its end, and the logs that come out of it are opened and verified.
/// 3. It gets its name, and older backups go.
///
/// A command that ends before the third step leaves no backup.
pub(super) async fn run(arguments: Order, output: Output) -> Result<Exit, Failure> {
    let (start, began) = (Instant::now(), SystemClock.now());
    let instance = arguments.instance.open()?;
    let passphrase = arguments.passphrase.read()?;
    let wanted = arguments.wanted(&instance, began)?;
    let logs = KeyedLog::all(&instance).await?;
    // Before the logs are read, which cannot be behind it then unless they were before.
    let remembered: Vec<_> = logs
        .iter()
        .map(|keyed| Remembered::of(&keyed.log))
        .collect();
    output.progress("reading the instance");
    let reading = Reading {
        instance: instance.clone(),
        logs,
        wanted: wanted.clone(),
        passphrase,
        began,
    };
    let Read {
        draft,
        laid_out,
        manifest,
    } = blocking(move |stop| reading.run(stop)).await?;
    output.progress("proving the backup");
    let logs = waiting(prove(laid_out.path(), &manifest.logs, &remembered)).await?;
    drop(laid_out);
    draft.become_wanted()?;
    let taken = Taken {
        file_bytes: length(&wanted)?,
        files: manifest.files.len(),
        content_bytes: content_bytes(&manifest),
        removed: remove_older(&instance, &wanted, arguments.keep, &logs)?,
        took_millis: print::millis(start),
        instance: instance.manifest.name,
        file: wanted,
        began,
        logs,
        outside: manifest.outside,
    };
    output.print(&taken, text);
    let is_whole = taken.outside.is_empty() && !taken.logs.iter().any(ProvenLog::is_refused);
    Ok(if is_whole { Exit::Done } else { Exit::Warned })
}

impl Order {
    /// The file to make.
    fn wanted(&self, instance: &Instance, began: OffsetDateTime) -> Result<PathBuf, Failure> {
        let wrong = |what: &str, remedy: &str| Failure::new("E-CTL-012", what, remedy);
        let to = self.to.as_deref();
        let to = to.ok_or_else(|| wrong("there is no file to make", "sigctl help backup"))?;
        let is_folder = to.is_dir();
        if self.keep.is_some() && !is_folder {
            return Err(wrong(
                "--keep is for a folder of backups",
                "name a folder that is there, or leave --keep out",
            ));
        }
        let wanted = match is_folder {
            true => to.join(Names::of(instance).at(began)),
            false => to.to_owned(),
        };
        let folder = fs::canonicalize(sigstead_durable::parent(&wanted));
        if folder.is_ok_and(|folder| folder.starts_with(instance.directory())) {
            return Err(wrong(
                "a backup within the instance would be lost with it, and be part of the next one",
                "name a file outside of the instance, best on another machine",
            ));
        }
        Ok(wanted)
    }
}

/// An instance that is about to be read.
struct Reading {
    instance: Instance,
    logs: Vec<KeyedLog>,
    wanted: PathBuf,
    passphrase: Vec<u8>,
    began: OffsetDateTime,
}

/// A backup that is not proven yet.
struct Read {
    draft: Draft,
    /// What came out of it again.
    laid_out: Beside,
    manifest: Manifest,
}

impl Reading {
    fn run(self, stop: &Stop) -> Result<Read, Failure> {
        let draft = Draft::begin(&self.wanted)?;
        self.write(&draft, stop)?;
        let laid_out = Beside::create(&self.wanted)?;
        let (place, wanted) = (draft.place(), Wanted::Logs);
        let manifest = unpack(place, &self.passphrase, laid_out.path(), wanted, stop)?;
        Ok(Read {
            draft,
            laid_out,
            manifest,
        })
    }

    fn write(&self, draft: &Draft, stop: &Stop) -> Result<(), Failure> {
        let instance = &self.instance;
        let configured: Vec<_> = self.logs.iter().map(|keyed| &keyed.log).collect();
        let outside = outside::of(instance, &configured)?;
        let archive = Archive {
            place: &self.wanted,
            passphrase: &self.passphrase,
            opening: opening(instance, self.began),
        };
        let output = BufWriter::with_capacity(BUFFER_BYTES, draft.file()?);
        let mut packer = Packer::begin(output, archive, instance.directory(), stop)?;
        let logs = pack(instance, &self.logs, &mut packer)?;
        let mut output = packer.finish(SystemClock.now(), logs, outside)?;
        let flushed = output.flush();
        flushed.map_err(|error| Failure::file("write", &self.wanted, error))
    }
}

/// Removes older backups, unless this one may be the worse one: of a log that was rolled back an older backup has more.
fn remove_older(
    instance: &Instance,
    wanted: &Path,
    keep: Option<u16>,
    logs: &[ProvenLog],
) -> Result<Vec<PathBuf>, Failure> {
    match keep {
        Some(keep) if !logs.iter().any(ProvenLog::is_refused) => {
            Names::of(instance).keep(wanted, usize::from(keep))
        }
        Some(_) | None => Ok(Vec::new()),
    }
}

fn text(taken: &Taken) -> String {
    let mut lines = vec![format!(
        "backed {} up to {}: {} files, {} in {}",
        taken.instance,
        taken.file.display(),
        taken.files,
        print::size(taken.content_bytes),
        print::span(taken.took_millis)
    )];
    lines.extend(taken.logs.iter().map(log_line));
    let outside = taken.outside.iter();
    lines.extend(outside.map(|path| format!("  warn  not in the backup: {path}")));
    if taken.logs.iter().any(ProvenLog::is_refused) {
        lines.push("  warn  a log is older than its anchor; older backups are kept, they may have more of it".to_owned());
    }
    let removed = taken.removed.iter();
    lines.extend(removed.map(|path| format!("  removed {}", path.display())));
    lines.join("\n")
}

const BUFFER_BYTES: usize = 1 << 20;
