use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use sigstead_archive::Manifest;
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::draft::Draft;
use super::goal::Goal;
use super::measured;
use super::name::Names;
use super::packer::{Archive, Packer};
use super::passphrase::Passphrase;
use super::place::Place;
use super::print;
use super::prove::{ProvenLog, Remembered, prove};
use super::shelf;
use super::subject::{KeyedLog, Subject};
use super::take::pack;
use super::taken::Taken;
use super::target::Target;
use super::unpack::{Layout, Wanted, content_bytes, unpack};
use crate::beside::Beside;
use crate::bucket::Options;
use crate::failure::{Exit, Failure};
use crate::interrupt::{Stop, blocking, waiting};
use crate::locate::Where;
use crate::output::Output;

/// From where and to where.
#[derive(Args)]
pub(super) struct Order {
    #[command(flatten)]
    instance: Where,

    /// The file to make, or a folder, in which the backup is called after the instance and the time; or `s3://BUCKET/PREFIX`,
    /// below which it is called so, or `s3://BUCKET/NAME.age`.
    #[arg(required = true)]
    to: Option<Target>,

    /// A file to write once the backup is proven, ending with .prom, for the textfile collector of Prometheus' node exporter.
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,

    #[command(flatten)]
    making: Making,
}

/// How a backup is made.
#[derive(Args)]
pub(crate) struct Making {
    #[command(flatten)]
    passphrase: Passphrase,

    /// How many backups of this instance to keep in the folder or bucket; older ones go once this one is proven.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,

    /// A folder with room for the backup and the logs in it, before they go to a bucket. Default: that of temporary files.
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,

    #[command(flatten)]
    bucket: Options,
}

pub(super) async fn run(arguments: Order, output: Output) -> Result<Exit, Failure> {
    let instance = arguments.instance.open()?;
    let to = arguments
        .to
        .ok_or_else(|| wrong("there is no file to make", "sigctl help backup"))?;
    let subject = Subject::Instance(instance);
    let taken = take(&subject, to, &arguments.making, output).await?;
    output.print(&taken, Taken::text);
    if let Some(path) = &arguments.textfile {
        measured::write(path, &taken)?;
    }
    let is_whole = taken.warnings().is_empty();
    Ok(if is_whole { Exit::Done } else { Exit::Warned })
}

/// 1. The subject is read into a file beside the wanted one.
/// 2. That file is read again to its end, and the logs that come out of it are opened and verified.
/// 3. It gets its name, or is sent to the bucket, read back from there and compared; and older backups go.
///
/// A command that ends before the third step leaves no backup.
pub(crate) async fn take(
    subject: &Subject,
    to: Target,
    making: &Making,
    output: Output,
) -> Result<Taken, Failure> {
    let (start, began) = (Instant::now(), SystemClock.now());
    let passphrase = making.passphrase.read()?;
    let names = subject.names();
    let goal = making.goal(subject, to, names.at(began))?;
    let tidied = waiting(goal.prepare(&names)).await?;
    let logs = subject.logs().await?;
    // Before the logs are read, which cannot be behind it then unless they were before.
    let remembered: Vec<_> = logs
        .iter()
        .map(|keyed| Remembered::of(&keyed.log))
        .collect();
    output.progress("reading what is backed up");
    let reading = Reading {
        subject: subject.clone(),
        logs,
        wanted: goal.local().to_owned(),
        passphrase,
        began,
    };
    let Read {
        draft,
        laid_out,
        manifest,
    } = reading.run().await?;
    output.progress("proving the backup");
    let logs = waiting(prove(laid_out.path(), &manifest.logs, &remembered)).await?;
    drop(laid_out);
    let file_bytes = goal.reach(draft).await?;
    let removed = remove_older(&names, &goal, making.keep, &logs);
    Ok(Taken {
        file_bytes,
        files: manifest.files.len(),
        content_bytes: content_bytes(&manifest),
        removed: waiting(removed).await?,
        took_millis: print::millis(start),
        instance: subject.instance().manifest.name.clone(),
        file: goal.target(),
        tidied,
        began,
        logs,
        outside: manifest.outside,
    })
}

impl Making {
    /// What is to be made; `name` is for one in a folder or below a prefix.
    fn goal(&self, subject: &Subject, to: Target, name: String) -> Result<Goal, Failure> {
        let is_shelf = match &to {
            Target::Path(path) => path.is_dir(),
            Target::Bucket(address) => !address.name().ends_with(ENDING),
        };
        if self.keep.is_some() && !is_shelf {
            return Err(wrong(
                "--keep is for a folder of backups, or for what begins alike in a bucket",
                "name a folder that is there or s3://BUCKET/PREFIX, or leave --keep out",
            ));
        }
        let place = Place::of(to, &self.bucket)?;
        let place = match is_shelf {
            true => place.below(&name),
            false => place,
        };
        let scratch = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let folder = match &place {
            Place::Local(path) => sigstead_durable::parent(path),
            Place::Remote { .. } => &scratch,
        };
        let folder = fs::canonicalize(folder);
        if folder.is_ok_and(|folder| folder.starts_with(subject.root())) {
            return Err(wrong(
                "a backup within what is backed up would be lost with it, and be part of the next one",
                "name a file or folder outside of it, best on another machine",
            ));
        }
        Goal::new(place, subject, &scratch)
    }
}

fn wrong(what: &str, remedy: &str) -> Failure {
    Failure::new("E-CTL-012", what, remedy)
}

/// A subject that is about to be read.
struct Reading {
    subject: Subject,
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
    async fn run(self) -> Result<Read, Failure> {
        let runtime = Handle::current();
        blocking(move |stop| self.read(&runtime, stop)).await
    }

    fn read(self, runtime: &Handle, stop: &Stop) -> Result<Read, Failure> {
        let draft = Draft::begin(&self.wanted)?;
        self.write(&draft, stop)?;
        let laid_out = Beside::create(&self.wanted)?;
        let layout = Layout {
            place: Place::Local(draft.place().to_owned()),
            passphrase: self.passphrase,
            folder: laid_out.path().to_owned(),
            wanted: Wanted::Logs,
        };
        let manifest = unpack(&layout, runtime, stop)?;
        Ok(Read {
            draft,
            laid_out,
            manifest,
        })
    }

    fn write(&self, draft: &Draft, stop: &Stop) -> Result<(), Failure> {
        let subject = &self.subject;
        let configured: Vec<_> = self.logs.iter().map(|keyed| &keyed.log).collect();
        let outside = subject.outside(&configured)?;
        let archive = Archive {
            place: &self.wanted,
            passphrase: &self.passphrase,
            opening: subject.opening(self.began),
        };
        let output = BufWriter::with_capacity(BUFFER_BYTES, draft.file()?);
        let mut packer = Packer::begin(output, archive, subject.root(), stop)?;
        let logs = pack(subject, &self.logs, &mut packer)?;
        let mut output = packer.finish(SystemClock.now(), logs, outside)?;
        let flushed = output.flush();
        flushed.map_err(|error| Failure::file("write", &self.wanted, error))
    }
}

/// Removes older backups, unless this one may be the worse one: of a log that was rolled back an older backup has more.
async fn remove_older(
    names: &Names,
    goal: &Goal,
    keep: Option<u16>,
    logs: &[ProvenLog],
) -> Result<Vec<Target>, Failure> {
    let keep = keep.filter(|_| !logs.iter().any(ProvenLog::is_refused));
    let Some(keep) = keep else {
        return Ok(Vec::new());
    };
    let (shelf, made) = (goal.shelf(), goal.target().name());
    let held = shelf::held(&shelf).await?.into_iter();
    // One that does not count is no backup that could take another's place.
    let held = held.filter(|held| !held.is_unfinished);
    let held: Vec<_> = held.map(|held| held.name).collect();
    let mut removed = Vec::new();
    for name in names.surplus(&made.to_string_lossy(), &held, usize::from(keep)) {
        let place = shelf.below(&name);
        shelf::remove(&place).await?;
        removed.push(place.target());
    }
    Ok(removed)
}

/// What the name of an object has that is named whole.
const ENDING: &str = ".age";
const BUFFER_BYTES: usize = 1 << 20;
