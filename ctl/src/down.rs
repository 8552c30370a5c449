//! `sigctl down`: stops the services of an instance.

use clap::Args;
use serde::Serialize;
use tokio::time::Instant;

use crate::failure::{Exit, Failure};
use crate::instance::{Instance, SERVICES, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::process::{PATIENCE, Process};
use crate::service_status::Observer;
use crate::started::Turn;

/// What is stopped.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

#[derive(Serialize)]
struct Stopped {
    stopped: Vec<Service>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    // A start that is under way is interrupted, not waited for.
    let _turn = Turn::take(&instance, Instant::now()).await;
    let stopped = stop(&instance, &SERVICES).await?;
    refuse_supervised(&instance, &SERVICES).await?;
    output.print(&Stopped { stopped }, |result| match result.stopped.len() {
        0 => "nothing ran".to_owned(),
        count => format!("stopped {count} services"),
    });
    Ok(())
}

/// Stops services that `sigctl up` started, all at once, and gives those that ran.
pub(crate) async fn stop(
    instance: &Instance,
    services: &[Service],
) -> Result<Vec<Service>, Failure> {
    let running: Vec<_> = services
        .iter()
        .filter_map(|service| Some((*service, Process::find(instance, *service)?)))
        .collect();
    let stops = running.iter().map(|(_, process)| process.stop(PATIENCE));
    futures::future::try_join_all(stops).await?;
    for service in services {
        // That it is gone says that the service was stopped and did not die. A file that stays harms nothing: its process
        // is looked for.
        let _ = std::fs::remove_file(instance.pid_file(*service));
    }
    Ok(running.into_iter().map(|(service, _)| service).collect())
}

/// Refuses to touch services that something else than `sigctl up` runs: a supervisor would start them again.
pub(crate) async fn refuse_supervised(
    instance: &Instance,
    services: &[Service],
) -> Result<(), Failure> {
    let mut all = Observer::new()?.all(instance).await;
    all.retain(|each| services.contains(&each.service) && !each.started_by_sigctl);
    let supervised: Vec<_> = all
        .iter()
        .filter_map(|each| Some(format!("{} (process {})", each.service.name(), each.pid?)))
        .collect();
    if supervised.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-077",
        format!("not started by sigctl: {}", supervised.join(", ")),
        "stop or restart them where they were started, for instance with systemctl",
    )
    .exit(Exit::Refused))
}
