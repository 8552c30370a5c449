//! `sigctl up`: starts the services, in no particular order, and waits until all are ready.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::down;
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::output::Output;
use crate::process::{POLL, Process, Started, Turn, check_programs};
use crate::status::{Probe, ServiceStatus, State};

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
struct Up {
    ready_millis: u64,
    services: Vec<ServiceStatus>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    check_programs()?;
    let mut start = Start {
        began: Instant::now(),
        patience: Duration::from_secs(arguments.wait),
        instance,
        services: Vec::new(),
        output,
    };
    let turn = Turn::take(&start.instance, start.began + start.patience).await?;
    if arguments.detach {
        return start.all(turn).await;
    }
    // From here on there is no way out that leaves services behind.
    let mut ends = Ends::listen()?;
    let ended = tokio::select! {
        () = ends.any() => Ok(()),
        ended = start.all_and_watch(turn) => ended,
    };
    down::stop(&start.instance).await?;
    ended
}

/// A start of an instance.
struct Start {
    instance: Instance,
    began: Instant,
    patience: Duration,
    /// What this run started; services that ran before are left alone.
    services: Vec<Started>,
    output: Output,
}

impl Start {
    /// Starts what does not run, waits until everything is ready, and says so.
    async fn all(&mut self, _turn: Turn) -> Result<(), Failure> {
        for service in SERVICES {
            if Process::find(&self.instance, service).is_none() {
                self.services.push(Started::new(&self.instance, service)?);
            }
        }
        let services = self.wait_until_ready().await?;
        let ready_millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let up = Up {
            ready_millis,
            services,
        };
        self.output.print(&up, |up| text(&self.instance, up));
        Ok(())
    }

    /// The same, and then waits for a service that ends by itself, which is a failure.
    async fn all_and_watch(&mut self, turn: Turn) -> Result<(), Failure> {
        self.all(turn).await?;
        self.output.progress("running; Ctrl-C stops all services");
        loop {
            self.refuse_ended()?;
            sleep(WATCH).await;
        }
    }

    async fn wait_until_ready(&mut self) -> Result<Vec<ServiceStatus>, Failure> {
        let probe = Probe::new()?;
        let mut told = Vec::new();
        loop {
            self.refuse_ended()?;
            let services = probe.all(&self.instance).await;
            if services.iter().all(|each| each.state == State::Ready) {
                return Ok(services);
            }
            self.start_gone(&services)?;
            if self.began.elapsed() >= self.patience {
                return Err(not_ready(&services));
            }
            self.tell(&services, &mut told);
            sleep(POLL).await;
        }
    }

    /// Starts services that ran when this command began and have ended since: they were on their way out, for instance
    /// because they had just been killed.
    fn start_gone(&mut self, services: &[ServiceStatus]) -> Result<(), Failure> {
        for each in services {
            let is_ours = self
                .services
                .iter()
                .any(|ours| ours.service == each.service);
            if each.state == State::Stopped && !is_ours {
                let started = Started::new(&self.instance, each.service)?;
                self.services.push(started);
            }
        }
        Ok(())
    }

    /// Says who is waited for, whenever that changes; not in the first second, in which most starts end.
    fn tell(&self, services: &[ServiceStatus], told: &mut Vec<Service>) {
        let waiting = services.iter().filter(|each| each.state != State::Ready);
        let waiting: Vec<_> = waiting.map(|each| each.service).collect();
        if self.began.elapsed() > Duration::from_secs(1) && waiting != *told {
            let names: Vec<_> = waiting.iter().map(|service| service.name()).collect();
            self.output
                .progress(&format!("waiting for {}", names.join(", ")));
            *told = waiting;
        }
    }

    fn refuse_ended(&mut self) -> Result<(), Failure> {
        let Some(ended) = self.services.iter_mut().find_map(|service| {
            let has_ended = service.has_ended();
            has_ended.then_some(service)
        }) else {
            return Ok(());
        };
        let log_file = self.instance.log_file(ended.service);
        let failure = Failure::new(
            "E-CTL-008",
            format!("{} ended", ended.service.name()),
            format!("its whole log: {}", log_file.display()),
        );
        Err(failure.because(ended.last_lines(12)))
    }
}

/// The signals that ask this program to end.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal is gone.
    hang_up: Signal,
}

impl Ends {
    fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::io("cannot wait for signals", error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

fn not_ready(services: &[ServiceStatus]) -> Failure {
    let waiting = services.iter().filter(|each| each.state != State::Ready);
    let waiting: Vec<_> = waiting
        .map(|each| {
            let reasons = each.reasons.join("; ");
            let reasons = if reasons.is_empty() {
                "no answer yet"
            } else {
                &reasons
            };
            format!("{}: {reasons}", each.service.name())
        })
        .collect();
    Failure::new(
        "E-CTL-009",
        "not all services became ready",
        "mend what the reasons name, then start again",
    )
    .because(waiting.join("\n"))
}

fn text(instance: &Instance, started: &Up) -> String {
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

/// How often services that run are looked at.
const WATCH: Duration = Duration::from_millis(200);
