//! `sigctl up`: starts the services, in no particular order, and waits until all are ready.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::down;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::process::check_programs;
use crate::services;
use crate::start::Start;

/// What is started.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// Return when the services are ready and leave them running.
    #[arg(long)]
    detach: bool,

    /// Seconds to wait for all services to be ready.
    #[arg(long, default_value_t = 30)]
    wait: u64,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    refuse_cluster(&instance)?;
    check_programs()?;
    warn_of_readers(&instance, output);
    let patience = Duration::from_secs(arguments.wait);
    let services = services::of(&instance.manifest);
    let mut start = Start::new(instance, services, patience, output);
    if arguments.detach {
        let turn = start.turn().await?;
        return start.all(turn).await;
    }
    // From here on there is no way out that leaves services of this run behind.
    let mut ends = Ends::listen()?;
    let ended = tokio::select! {
        () = ends.any() => Ok(()),
        ended = start_and_watch(&mut start, output) => ended,
    };
    down::stop(&start.instance, &start.started()).await?;
    ended
}

/// Two services with one key sign two histories.
fn refuse_cluster(instance: &Instance) -> Result<(), Failure> {
    let Some(link) = &instance.manifest.cluster else {
        return Ok(());
    };
    Err(Failure::new(
        "E-CTL-540",
        format!(
            "the services of this instance run in the release {} in {}",
            link.release, link.namespace
        ),
        "leave them there; a trial of your own is another instance: sigctl init",
    )
    .exit(Exit::Refused))
}

async fn start_and_watch(start: &mut Start, output: Output) -> Result<(), Failure> {
    let turn = start.turn().await?;
    start.all(turn).await?;
    if start.started().is_empty() {
        output.progress("all services ran already; they were left as they are");
        return Ok(());
    }
    output.progress("running; Ctrl-C stops the services that this command started");
    start.watch().await
}

/// An instance that an earlier version made, or that was copied, may be open to others.
fn warn_of_readers(instance: &Instance, output: Output) {
    let directory = instance.directory();
    let mode = std::fs::metadata(directory).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        let shown = directory.display();
        output.progress(&format!(
            "warning: others can look into {shown}; close it: chmod 700 {shown}"
        ));
    }
}

/// The signals that ask this program to end.
pub(crate) struct Ends {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal is gone.
    hang_up: Signal,
}

impl Ends {
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::io("cannot wait for signals", error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    pub(crate) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
