//! `sigctl reload`: lets running services read again what they can without a restart.

use clap::Args;
use rustix::process::Signal;
use serde::Serialize;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::process::Process;
use crate::service_status::Observer;
use crate::services;

/// What is reloaded.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The services; all if none is named.
    services: Vec<Service>,
}

#[derive(Serialize)]
struct Reloaded {
    reloaded: Vec<Service>,
}

pub(crate) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let mut services = arguments.instance.services(arguments.services);
    let instance = arguments.instance.open()?;
    services.retain(|service| services::of(&instance.manifest).contains(service));
    let reloaded = ask(&instance, &services).await?;
    if reloaded.is_empty() {
        return Err(Failure::new(
            "E-CTL-076",
            "none of the services runs",
            "start them: sigctl up",
        ));
    }
    output.print(&Reloaded { reloaded }, |result| {
        let names: Vec<_> = result.reloaded.iter().map(|each| each.name()).collect();
        format!(
            "asked to reload: {}; their logs say what came of it",
            names.join(", ")
        )
    });
    Ok(())
}

/// Asks those of the services that run to read again what they can, and says which.
pub(crate) async fn ask(
    instance: &Instance,
    services: &[Service],
) -> Result<Vec<Service>, Failure> {
    let mut all = Observer::new()?.all(instance).await;
    all.retain(|each| services.contains(&each.service));
    let processes: Vec<_> = all
        .iter()
        .filter_map(|each| Some((each.service, Process::from_id(each.pid?)?)))
        .collect();
    for (_, process) in &processes {
        process.signal(Signal::HUP)?;
    }
    Ok(processes.into_iter().map(|(service, _)| service).collect())
}
