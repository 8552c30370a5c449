//! `sigctl status`: each service, where it is, how it does.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

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
pub(crate) struct Status {
    name: String,
    pub(crate) services: Vec<ServiceStatus>,
}

/// How a service does.
#[derive(Serialize)]
pub(crate) struct ServiceStatus {
    pub(crate) service: Service,
    pub(crate) state: State,
    pub(crate) url: String,
    pid: Option<i32>,
    pub(crate) reasons: Option<String>,
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
        services: futures::future::join_all(SERVICES.map(|service| of_service(&instance, service)))
            .await,
    };
    output.print(&status, text);
    Ok(())
}

/// How one service does.
pub(crate) async fn of_service(instance: &Instance, service: Service) -> ServiceStatus {
    let process = Process::find(instance, service);
    let (state, reasons) = match process {
        None => (State::Stopped, None),
        Some(_) => readiness(&instance.manifest.ops_url(service)).await,
    };
    ServiceStatus {
        service,
        state,
        url: instance.manifest.url(service),
        pid: process.map(Process::id),
        reasons,
    }
}

async fn readiness(ops_url: &str) -> (State, Option<String>) {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .no_proxy()
        .build();
    let Ok(client) = client else {
        return (State::Starting, None);
    };
    let Ok(answer) = client.get(format!("{ops_url}/readyz")).send().await else {
        return (State::Starting, None);
    };
    if answer.status().is_success() {
        return (State::Ready, None);
    }
    (State::Unready, answer.text().await.ok())
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
                .map(|reasons| format!("         {}", reasons.trim())),
        );
    }
    lines.join("\n")
}
