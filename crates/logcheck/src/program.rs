//! `sigstead-logcheck`: says whether a log is sound.
//!
//! Exit codes: 0 sound; 1 defective, each defect a line `name: sentence`; 2 it could not be checked.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, ValueEnum};
use tokio::runtime::Runtime;

use crate::check::{Request, check};
use crate::head::{Face, Log};
use crate::key::LogKey;
use crate::report::Report;
use crate::source::{Directory, Remote, Source};

/// Reads a transparency log whole and says everything that is wrong with it.
#[derive(Parser)]
#[command(name = "sigstead-logcheck", version)]
struct Arguments {
    /// How the log speaks.
    #[arg(value_enum)]
    face: FaceArgument,

    #[command(flatten)]
    place: Place,

    /// The first line of its checkpoints.
    #[arg(long)]
    origin: String,

    /// Its public key in PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// For a shard of Rekor v1: how many entries the older shards have.
    #[arg(long, value_name = "N", default_value_t = 0)]
    first_index: u64,

    /// What it acknowledged, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// Checkpoints that an observer was served, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    observed: Option<PathBuf>,

    /// A checkpoint that was trusted before.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// The address to which `checkpoint` and `tile/…` are appended.
    #[arg(long)]
    url: Option<String>,

    /// The directory that holds `checkpoint` and `tile/`.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FaceArgument {
    RekorV1,
    RekorV2,
    StaticCt,
}

/// Why nothing can be said about the log.
type Failure = Box<dyn std::error::Error>;

/// The program. The first of `arguments` is what it was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let arguments = Arguments::parse_from(arguments);
    let checked = Runtime::new()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match checked {
        Ok(report) if report.is_sound() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("could not check: {failure}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let source = source(&arguments.place)?;
    let report = check(source.as_ref(), request(arguments)?).await?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(report)
}

fn source(place: &Place) -> Result<Box<dyn Source>, Failure> {
    match (&place.url, &place.directory) {
        (Some(url), _) => Ok(Box::new(Remote::new(url)?)),
        (None, Some(directory)) => Ok(Box::new(Directory::new(directory))),
        (None, None) => Err("neither an address nor a directory".into()),
    }
}

fn request(arguments: &Arguments) -> Result<Request<'static>, Failure> {
    let face = match arguments.face {
        FaceArgument::RekorV1 => Face::RekorV1,
        FaceArgument::RekorV2 => Face::RekorV2,
        FaceArgument::StaticCt => Face::StaticCt,
    };
    let key = LogKey::from_pem(&read(&arguments.key)?)?;
    let log = Log::new(face, &arguments.origin, key)?.with_first_index(arguments.first_index);
    Ok(Request {
        previous: arguments.previous.as_deref().map(read).transpose()?,
        ledger: arguments.ledger.as_deref().map(lines).transpose()?,
        observed: arguments.observed.as_deref().map(lines).transpose()?,
        ..Request::new(log)
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|problem| named(path, &problem))
}

fn lines(path: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
    match File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(problem) => Err(named(path, &problem)),
    }
}

fn named(path: &Path, problem: &std::io::Error) -> Failure {
    format!("{}: {problem}", path.display()).into()
}
