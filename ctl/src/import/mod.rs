//! `sigctl import`: takes what `sigctl export` wrote elsewhere, and believes nobody who carried it.

mod cosigner;
mod log;
mod trust;

use std::path::PathBuf;

use clap::Args;
use sigstead_checkpoint::Origin;

use crate::failure::Failure;
use crate::output::Output;

/// What was carried here, and whose copy it goes into.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder that `sigctl export` made.
    batch: PathBuf,

    /// The batch is of what clients trust, not of a log.
    #[arg(long, conflicts_with_all = ["log", "trusted_root"])]
    trust: bool,

    /// The name of the log.
    #[arg(long, value_name = "NAME", required_unless_present = "trust")]
    log: Option<Origin>,

    /// The trusted root of the instance that has the log, from where it can be believed.
    #[arg(long, value_name = "FILE", required_unless_present = "trust")]
    trusted_root: Option<PathBuf>,

    /// The root that the first batch of trust is believed by: one that was compared with its fingerprint. A copy that is
    /// there already must have it.
    #[arg(long, value_name = "FILE", requires = "trust")]
    root: Option<PathBuf>,

    #[command(flatten)]
    cosigner: cosigner::Asked,

    /// The folder of the copy, which is made if it is not there. Any web server can show it.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Arguments {
        batch, into, root, ..
    } = arguments;
    let cosigner = arguments.cosigner.open().await?;
    match (arguments.log, arguments.trusted_root) {
        (Some(log), Some(trusted_root)) => {
            let import = log::Import {
                batch,
                log,
                trusted_root,
                into,
                cosigner,
            };
            log::run(&import, output).await
        }
        _ => trust::run(&batch, root.as_deref(), &into, output).await,
    }
}
