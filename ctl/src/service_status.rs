//! Looks at the services of an instance: what runs, who answers, how it does.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use sigstead_kit::folder_id;

use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::process::Process;
use crate::services;

/// How a service does.
#[derive(Serialize)]
pub(crate) struct ServiceStatus {
    pub(crate) service: Service,
    pub(crate) state: State,
    pub(crate) url: String,
    pub(crate) pid: Option<i32>,
    /// Whether `sigctl up` started it, and not a supervisor.
    pub(crate) started_by_sigctl: bool,
    pub(crate) version: Option<String>,
    pub(crate) uptime_seconds: Option<u64>,
    /// Why it is not ready.
    pub(crate) reasons: Vec<String>,
    /// What will make it unready unless somebody acts.
    pub(crate) warnings: Vec<String>,
    /// Who else answers on its port.
    pub(crate) stranger: Option<String>,
}

/// The states of a service, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It works.
    Ready,
    /// A process runs and does not answer yet.
    Starting,
    /// No process runs, and none should.
    Stopped,
    /// It answers and says why it is not ready.
    Unready,
    /// No process runs, and nobody stopped the last one.
    Died,
}

impl State {
    /// As it is shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Stopped => "stopped",
            Self::Unready => "unready",
            Self::Died => "died",
        }
    }

    /// Whether it answers.
    pub(crate) const fn answers(self) -> bool {
        matches!(self, Self::Ready | Self::Unready)
    }

    /// Whether no process runs.
    pub(crate) const fn is_absent(self) -> bool {
        matches!(self, Self::Stopped | Self::Died)
    }
}

/// Looks at the services of an instance.
pub(crate) struct Observer {
    client: Client,
}

/// The answer of `/readyz`.
#[derive(Deserialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<Reason>,
    #[serde(default)]
    warnings: Vec<Reason>,
    process: Answering,
}

#[derive(Deserialize)]
struct Reason {
    check: String,
    reason: String,
}

/// Which process answered.
#[derive(Deserialize)]
struct Answering {
    service: String,
    version: String,
    pid: i32,
    folder: PathBuf,
    folder_id: String,
    uptime_seconds: u64,
}

/// What came from the port of a service.
enum Answer {
    Nothing,
    Ours(Readiness),
    /// Of another instance, or not of a service at all.
    Strange(String),
}

impl Observer {
    pub(crate) fn new() -> Result<Self, Failure> {
        // The ops listeners are plain and on this machine: no authority to trust, no proxy to ask, nowhere else to go.
        let client = Client::builder()
            .timeout(Duration::from_secs(2))
            .redirect(Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .build()
            .map_err(|error| Failure::service("the client", "this machine", error))?;
        Ok(Self { client })
    }

    /// How each service does, all asked at once.
    pub(crate) async fn all(&self, instance: &Instance) -> Vec<ServiceStatus> {
        let services = services::of(&instance.manifest).into_iter();
        let looks = services.map(|service| self.of(instance, service));
        futures::future::join_all(looks).await
    }

    async fn of(&self, instance: &Instance, service: Service) -> ServiceStatus {
        let answer = self.ask(instance, service).await;
        // After the answer: a process that has ended since answers for nobody.
        let started = Process::find(instance, service);
        let mut status = ServiceStatus {
            service,
            state: match started {
                Some(_) => State::Starting,
                None if instance.pid_file(service).exists() => State::Died,
                None => State::Stopped,
            },
            url: instance.manifest.url(service),
            pid: started.map(Process::id),
            started_by_sigctl: started.is_some(),
            version: None,
            uptime_seconds: None,
            reasons: Vec::new(),
            warnings: Vec::new(),
            stranger: None,
        };
        match answer {
            Answer::Nothing => {}
            Answer::Strange(who) => status.stranger = Some(who),
            Answer::Ours(readiness) => status.take(readiness),
        }
        status
    }

    async fn ask(&self, instance: &Instance, service: Service) -> Answer {
        let port = instance.manifest.ports(service).ops;
        let url = format!("{}/readyz", instance.manifest.ops_url(service));
        let Ok(answer) = self.client.get(url).send().await else {
            return Answer::Nothing;
        };
        let body = http::limited(answer, LARGEST).await.unwrap_or_default();
        let Ok(readiness) = serde_json::from_slice::<Readiness>(&body) else {
            return Answer::Strange(format!("another program answers on port {port}"));
        };
        let who = &readiness.process;
        let is_ours = folder_id(&instance.service(service)).is_ok_and(|id| id == who.folder_id);
        if is_ours && who.service == service.name() {
            return Answer::Ours(readiness);
        }
        Answer::Strange(format!(
            "{} of {} (process {}) answers on port {port}",
            who.service,
            who.folder.display(),
            who.pid
        ))
    }
}

impl ServiceStatus {
    fn take(&mut self, readiness: Readiness) {
        let process = readiness.process;
        self.started_by_sigctl = self.pid == Some(process.pid);
        self.pid = Some(process.pid);
        self.version = Some(process.version);
        self.uptime_seconds = Some(process.uptime_seconds);
        self.state = if readiness.ready {
            State::Ready
        } else {
            State::Unready
        };
        self.reasons = sentences(readiness.reasons);
        self.warnings = sentences(readiness.warnings);
    }
}

fn sentences(reasons: Vec<Reason>) -> Vec<String> {
    let sentences = reasons
        .into_iter()
        .map(|each| format!("{}: {}", each.check, each.reason.trim()));
    sentences.collect()
}

/// Longer than any list of reasons.
const LARGEST: usize = 1 << 20;
