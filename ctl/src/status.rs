//! `sigctl status`: each service, where it is, how it does.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::Client;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::output::Output;
use crate::process::Process;

/// What is looked at.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,
}

/// How an instance does.
#[derive(Serialize)]
struct Status {
    name: String,
    services: Vec<ServiceStatus>,
}

/// How a service does.
#[derive(Serialize)]
pub(crate) struct ServiceStatus {
    pub(crate) service: Service,
    pub(crate) state: State,
    pub(crate) url: String,
    pid: Option<i32>,
    /// Why it is not ready.
    pub(crate) reasons: Vec<String>,
    /// What will make it unready unless somebody acts.
    warnings: Vec<String>,
}

/// The states of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// No process runs.
    Stopped,
    /// A process runs and does not answer yet.
    Starting,
    /// It answers and says why it is not ready.
    Unready,
    /// It works.
    Ready,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let status = Status {
        name: instance.manifest.name.clone(),
        services: Probe::new()?.all(&instance).await,
    };
    output.print(&status, text);
    Ok(())
}

/// Looks at the services of an instance.
pub(crate) struct Probe {
    client: Client,
}

/// The answer of `/readyz`.
#[derive(Default, Deserialize)]
struct Readiness {
    #[serde(default)]
    reasons: Vec<Reason>,
    #[serde(default)]
    warnings: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    check: String,
    reason: String,
}

impl Probe {
    pub(crate) fn new() -> Result<Self, Failure> {
        // The ops listeners are plain and on this machine: no authority to trust, no proxy to ask.
        let client = Client::builder().timeout(Duration::from_secs(2)).no_proxy();
        let client = client.tls_certs_only([]).build();
        let client =
            client.map_err(|error| Failure::service("the client", "this machine", error))?;
        Ok(Self { client })
    }

    /// How each service does, all asked at once.
    pub(crate) async fn all(&self, instance: &Instance) -> Vec<ServiceStatus> {
        let looks = SERVICES.map(|service| self.of(instance, service));
        futures::future::join_all(looks).await
    }

    async fn of(&self, instance: &Instance, service: Service) -> ServiceStatus {
        let process = Process::find(instance, service);
        let (state, readiness) = match process {
            None => (State::Stopped, Readiness::default()),
            Some(_) => self.readiness(&instance.manifest.ops_url(service)).await,
        };
        ServiceStatus {
            service,
            state,
            url: instance.manifest.url(service),
            pid: process.map(Process::id),
            reasons: sentences(readiness.reasons),
            warnings: sentences(readiness.warnings),
        }
    }

    async fn readiness(&self, ops_url: &str) -> (State, Readiness) {
        let Ok(answer) = self.client.get(format!("{ops_url}/readyz")).send().await else {
            return (State::Starting, Readiness::default());
        };
        let status = answer.status();
        let readiness = answer.json::<Readiness>().await;
        if status.is_success() {
            return (State::Ready, readiness.unwrap_or_default());
        }
        // Something else listens on that port if it gives no reasons.
        let readiness = readiness.unwrap_or_else(|_| Readiness {
            reasons: vec![Reason {
                check: "readyz".to_owned(),
                reason: format!("it answers {status}"),
            }],
            ..Readiness::default()
        });
        (State::Unready, readiness)
    }
}

fn sentences(reasons: Vec<Reason>) -> Vec<String> {
    let sentences = reasons
        .into_iter()
        .map(|each| format!("{}: {}", each.check, each.reason));
    sentences.collect()
}

fn text(status: &Status) -> String {
    let mut lines = vec![format!("instance {}", status.name)];
    for each in &status.services {
        let state = format!("{:?}", each.state).to_lowercase();
        lines.push(format!(
            "  {:<6} {state:<9} {}",
            each.service.name(),
            each.url
        ));
        lines.extend(
            each.reasons
                .iter()
                .map(|reason| format!("         {}", reason.trim())),
        );
        lines.extend(
            each.warnings
                .iter()
                .map(|warning| format!("         warning: {}", warning.trim())),
        );
    }
    lines.join("\n")
}
