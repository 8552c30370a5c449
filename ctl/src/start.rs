//! A start of an instance's services: what `sigctl up` and `sigctl restart` share.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::output::Output;
use crate::process::{POLL, Process};
use crate::service_status::{Observer, ServiceStatus, State};
use crate::started::{Started, Turn};

/// A start of services.
pub(crate) struct Start {
    pub(crate) instance: Instance,
    services: Vec<Service>,
    began: Instant,
    patience: Duration,
    /// What this run started; services that ran before are left alone.
    started: Vec<Started>,
    /// What this run started and another `sigctl` started again since.
    restarted: Vec<Service>,
    output: Output,
}

/// What a start came to.
#[derive(Serialize)]
pub(crate) struct Up {
    ready_millis: u64,
    services: Vec<ServiceStatus>,
}

impl Start {
    pub(crate) fn new(
        instance: Instance,
        services: Vec<Service>,
        patience: Duration,
        output: Output,
    ) -> Self {
        Self {
            instance,
            services,
            began: Instant::now(),
            patience,
            started: Vec::new(),
            restarted: Vec::new(),
            output,
        }
    }

    /// Waits for the right to start.
    pub(crate) async fn turn(&self) -> Result<Turn, Failure> {
        Turn::take(&self.instance, self.began + self.patience).await
    }

    /// The services that this run started and that nobody has stopped.
    pub(crate) fn started(&self) -> Vec<Service> {
        let started = self.started.iter().map(|each| each.service);
        started.chain(self.restarted.iter().copied()).collect()
    }

    /// Starts what does not run, waits until everything is ready, and says so.
    pub(crate) async fn all(&mut self, _turn: Turn) -> Result<(), Failure> {
        let observer = Observer::new()?;
        let before = self.look(&observer).await;
        refuse_strangers(&before)?;
        self.start_absent(&before)?;
        let services = self.wait_until_ready(&observer).await?;
        let ready_millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let up = Up {
            ready_millis,
            services,
        };
        self.output.print(&up, |up| self.text(up));
        Ok(())
    }

    /// Waits for a service that ends by itself, which is a failure. Returns when another `sigctl` has stopped all of them.
    pub(crate) async fn watch(&mut self) -> Result<(), Failure> {
        while !self.started().is_empty() {
            sleep(WATCH).await;
            while let Some((service, failure)) = self.take_ended() {
                self.follow(service, failure).await?;
            }
        }
        self.output.progress("another sigctl stopped the services");
        Ok(())
    }

    /// Finds out whether a service that ended was stopped or restarted by another `sigctl`, or ended by itself.
    async fn follow(&mut self, service: Service, failure: Failure) -> Result<(), Failure> {
        // The other holds the turn until the service has stopped or is ready again.
        let _turn = Turn::take(&self.instance, Instant::now() + self.patience).await?;
        if Process::find(&self.instance, service).is_some() {
            self.restarted.push(service);
        } else if self.instance.pid_file(service).exists() {
            return Err(failure);
        }
        Ok(())
    }

    async fn look(&self, observer: &Observer) -> Vec<ServiceStatus> {
        let mut all = observer.all(&self.instance).await;
        all.retain(|each| self.services.contains(&each.service));
        all
    }

    async fn wait_until_ready(
        &mut self,
        observer: &Observer,
    ) -> Result<Vec<ServiceStatus>, Failure> {
        let mut told = Vec::new();
        loop {
            if let Some((_, failure)) = self.take_ended() {
                return Err(failure);
            }
            let services = self.look(observer).await;
            if services.iter().all(|each| self.is_ready(each)) {
                return Ok(services);
            }
            // Services that ran when this command began and have ended since were on their way out, for instance because
            // they had just been killed.
            self.start_absent(&services)?;
            if self.began.elapsed() >= self.patience {
                return Err(not_ready(&services));
            }
            self.tell(&services, &mut told);
            sleep(POLL).await;
        }
    }

    /// What answers must be the process that this run started, if it started one.
    fn is_ready(&self, status: &ServiceStatus) -> bool {
        let answers = |id| status.pid.and_then(|pid| u32::try_from(pid).ok()) == Some(id);
        let ours = self
            .started
            .iter()
            .find(|each| each.service == status.service);
        status.state == State::Ready && ours.is_none_or(|ours| answers(ours.id()))
    }

    fn start_absent(&mut self, services: &[ServiceStatus]) -> Result<(), Failure> {
        for each in services {
            let is_ours = self.started.iter().any(|ours| ours.service == each.service);
            if each.state.is_absent() && !is_ours {
                self.started
                    .push(Started::new(&self.instance, each.service)?);
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

    /// A service of this run that has ended, and why.
    fn take_ended(&mut self) -> Option<(Service, Failure)> {
        for at in 0..self.started.len() {
            if let Some(status) = self.started.get_mut(at)?.ended() {
                let ended = self.started.swap_remove(at);
                return Some((ended.service, ended.failure(status)));
            }
        }
        let gone = |service: &Service| Process::find(&self.instance, *service).is_none();
        let at = self.restarted.iter().position(gone)?;
        let service = self.restarted.swap_remove(at);
        let name = service.name();
        let failure = Failure::new(
            "E-CTL-008",
            format!("{name} ended"),
            format!("see why: sigctl logs DIR {name}"),
        );
        Some((service, failure))
    }

    fn text(&self, up: &Up) -> String {
        let count = up.services.len();
        let mut lines = vec![format!(
            "{} is up: {count} {} ready after {} ms",
            self.instance.manifest.name,
            if count == 1 { "service" } else { "services" },
            up.ready_millis
        )];
        let places = up.services.iter();
        lines.extend(places.map(|each| format!("  {:<6} {}", each.service.name(), each.url)));
        lines.join("\n")
    }
}

/// A service that cannot have its ports would end at once, and until then the stranger would answer in its place.
fn refuse_strangers(services: &[ServiceStatus]) -> Result<(), Failure> {
    let strange = services.iter().filter(|each| each.state.is_absent());
    let strange: Vec<_> = strange
        .filter_map(|each| {
            Some(format!(
                "{}: {}",
                each.service.name(),
                each.stranger.as_ref()?
            ))
        })
        .collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-070",
        "ports of this instance are taken by others",
        "stop what is named below; two instances on one machine need ports of their own (init --base-port)",
    )
    .because(strange.join("\n")))
}

fn not_ready(services: &[ServiceStatus]) -> Failure {
    let waiting = services.iter().filter(|each| each.state != State::Ready);
    let waiting: Vec<_> = waiting
        .map(|each| {
            let reasons: Vec<_> = each.reasons.iter().chain(&each.stranger).cloned().collect();
            let reasons = reasons.join("; ");
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

/// How often services that run are looked at.
const WATCH: Duration = Duration::from_millis(200);
