//! `sigctl export`: what is new in a log, or what clients trust, written to be carried.

pub(crate) mod log;
mod trust;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;

/// What is written, and where.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The log of signatures: its name, or its host if no other log has it. Default: the only one that there is.
    #[arg(long, conflicts_with = "trust")]
    log: Option<String>,

    /// How many entries the copy has, as `sigctl import` said.
    #[arg(
        long,
        default_value_t = 0,
        value_name = "SIZE",
        conflicts_with = "trust"
    )]
    since: u64,

    /// Instead of a log, what clients trust: every root, the metadata that counts now, and the files that it names.
    #[arg(long)]
    trust: bool,

    /// The folder to make.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let out = &arguments.out;
    if arguments.trust {
        return trust::run(&instance, out, output).await;
    }
    let (log, since) = (arguments.log.as_deref(), arguments.since);
    log::run(&instance, log, since, out, output).await
}

/// What was written.
#[derive(Default)]
struct Written {
    files: usize,
    bytes: u64,
}

impl Written {
    fn file(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        std::fs::write(path, bytes).map_err(|error| Failure::file("write", path, error))?;
        self.files += 1;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes durable what was written to `out`: whoever takes the medium out asks nobody.
    fn sync(self, out: &Path) -> Result<Self, Failure> {
        sigstead_durable::sync_file_system(out)
            .map_err(|error| Failure::file("sync", out, error))?;
        Ok(self)
    }
}

fn create(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir(folder).map_err(|error| Failure::file("make", folder, error))
}
