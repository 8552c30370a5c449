//! `sigctl down`: stops the services of an instance.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::output::Output;
use crate::process::Process;

/// What is stopped.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,
}

#[derive(Serialize)]
struct Stopped {
    stopped: Vec<Service>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let stopped = stop(&instance).await?;
    output.print(&Stopped { stopped }, |result| match result.stopped.len() {
        0 => "nothing ran".to_owned(),
        count => format!("stopped {count} services"),
    });
    Ok(())
}

/// Stops all services at once and gives those that ran.
pub(crate) async fn stop(instance: &Instance) -> Result<Vec<Service>, Failure> {
    let running: Vec<_> = SERVICES
        .into_iter()
        .filter_map(|service| Some((service, Process::find(instance, service)?)))
        .collect();
    let stops = running.iter().map(|(_, process)| process.stop(PATIENCE));
    futures::future::try_join_all(stops).await?;
    for (service, _) in &running {
        // A stale file is recognised by `Process::find`; failing to remove it harms nothing.
        let _ = std::fs::remove_file(instance.pid_file(*service));
    }
    Ok(running.into_iter().map(|(service, _)| service).collect())
}

/// Longer than a service takes to drain.
const PATIENCE: Duration = Duration::from_secs(15);
