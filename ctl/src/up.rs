//! `sigctl up`: starts the services, in no particular order, and waits until all are ready.

use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::down;
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::output::Output;
use crate::process::{POLL, Process, last_lines};
use crate::status::{ServiceStatus, State, of_service};

/// What is started.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,

    /// Return when the services are ready and leave them running.
    #[arg(long)]
    detach: bool,

    /// Seconds to wait for all services to be ready.
    #[arg(long, default_value_t = 30)]
    wait: u64,
}

#[derive(Serialize)]
struct Started {
    ready_millis: u64,
    services: Vec<ServiceStatus>,
}

/// Services that this run started; those that ran before are left alone.
type Children = Vec<(Service, Child)>;

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let start = Instant::now();
    let mut children = start_all(&instance)?;
    let ready = wait_until_ready(
        &instance,
        &mut children,
        Duration::from_secs(arguments.wait),
    );
    let services = match ready.await {
        Ok(services) => services,
        Err(failure) => {
            if !arguments.detach {
                down::stop(&instance).await?;
            }
            return Err(failure);
        }
    };
    let ready_millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    output.print(
        &Started {
            ready_millis,
            services,
        },
        |started| text(&instance, started),
    );
    if arguments.detach {
        return Ok(());
    }
    output.progress("running; Ctrl-C stops all services");
    let ended = wait_for_the_end(&instance, &mut children).await;
    down::stop(&instance).await?;
    ended
}

fn start_all(instance: &Instance) -> Result<Children, Failure> {
    SERVICES
        .into_iter()
        .filter(|service| Process::find(instance, *service).is_none())
        .map(|service| Ok((service, Process::start(instance, service)?.1)))
        .collect()
}

async fn wait_until_ready(
    instance: &Instance,
    children: &mut Children,
    patience: Duration,
) -> Result<Vec<ServiceStatus>, Failure> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(service) = first_ended(children) {
            return Err(ended(instance, service));
        }
        let looks = SERVICES.map(|service| of_service(instance, service));
        let services = futures::future::join_all(looks).await;
        if services.iter().all(|each| each.state == State::Ready) {
            return Ok(services);
        }
        start_gone(instance, children, &services)?;
        if Instant::now() >= deadline {
            return Err(not_ready(&services));
        }
        sleep(POLL).await;
    }
}

/// Starts services that ran when this command began and have ended since: they were on their way out, for instance
/// because they had just been killed.
fn start_gone(
    instance: &Instance,
    children: &mut Children,
    services: &[ServiceStatus],
) -> Result<(), Failure> {
    let is_ours = |service| children.iter().any(|(ours, _)| *ours == service);
    let gone: Vec<_> = services
        .iter()
        .filter(|each| each.state == State::Stopped && !is_ours(each.service))
        .map(|each| each.service)
        .collect();
    for service in gone {
        children.push((service, Process::start(instance, service)?.1));
    }
    Ok(())
}

/// Waits for a signal, which is a good end, or for a service that ends by itself, which is not.
async fn wait_for_the_end(instance: &Instance, children: &mut Children) -> Result<(), Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::io("cannot wait for signals", error));
    let (mut interrupt, mut terminate) = (
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
    );
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            () = sleep(Duration::from_millis(200)) => {
                if let Some(service) = first_ended(children) {
                    return Err(ended(instance, service));
                }
            }
        }
    }
}

fn first_ended(children: &mut Children) -> Option<Service> {
    children
        .iter_mut()
        .find_map(|(service, child)| matches!(child.try_wait(), Ok(Some(_))).then_some(*service))
}

fn ended(instance: &Instance, service: Service) -> Failure {
    Failure::new(
        "E-CTL-008",
        format!("{} ended", service.name()),
        format!("its whole log: {}", instance.log_file(service).display()),
    )
    .because(last_lines(instance, service, 12))
}

fn not_ready(services: &[ServiceStatus]) -> Failure {
    let waiting: Vec<_> = services
        .iter()
        .filter(|each| each.state != State::Ready)
        .map(|each| {
            let reasons = each.reasons.as_deref().unwrap_or("no answer yet");
            format!("{}: {}", each.service.name(), reasons.trim())
        })
        .collect();
    Failure::new(
        "E-CTL-009",
        "not all services became ready",
        "mend what the reasons name; the services go on trying",
    )
    .because(waiting.join("\n"))
}

fn text(instance: &Instance, started: &Started) -> String {
    let mut lines = vec![format!(
        "{} is up: {} services ready after {} ms",
        instance.manifest.name,
        started.services.len(),
        started.ready_millis
    )];
    lines.extend(
        started
            .services
            .iter()
            .map(|each| format!("  {:<6} {}", each.service.name(), each.url)),
    );
    lines.join("\n")
}
