//! `sigctl reload`: lets running services read again what they can without a restart.

use std::time::Duration;

use clap::Args;
use rustix::process::Signal;
use serde::Serialize;
use tokio::time::sleep;

use crate::cluster;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::process::{POLL, Process};
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

/// How long a service may take until it has what it was asked to read again. Clusters bring a Secret to their pods within a minute
/// or two.
pub(crate) fn patience(instance: &Instance) -> Duration {
    match &instance.manifest.cluster {
        Some(_) => Duration::from_secs(300),
        None => Duration::from_secs(30),
    }
}

/// Waits until it is worth to look again. To ask a pod takes a process of its own.
pub(crate) async fn pause(instance: &Instance) {
    let pause = match &instance.manifest.cluster {
        Some(_) => Duration::from_secs(1),
        None => POLL,
    };
    sleep(pause).await;
}

/// Asks those of the services that run to read again what they can, and says which. Those that run in a cluster are brought their
/// files, which they look at by themselves.
pub(crate) async fn ask(
    instance: &Instance,
    services: &[Service],
) -> Result<Vec<Service>, Failure> {
    if instance.manifest.cluster.is_some() {
        for service in services {
            cluster::bring_secret(instance, *service).await?;
        }
        return Ok(services.to_vec());
    }
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
